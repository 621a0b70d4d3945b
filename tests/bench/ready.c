/*
 * The limit of a server that keeps its answers in LMDB: whole answers under the octets of the whole
 * question, nothing read of either but these octets.
 *
 *     ready fill DATABASE ADDRESS PORT QUERIES     asks a server each query and keeps the answers
 *     ready serve DATABASE ADDRESS PORT            answers by UDP until it is killed
 *
 * A key is what stands in a query behind its header: the question and OPT. QUERIES as for load.
 */
#include "tests/bench/batch.h"
#include "tests/bench/net.h"
#include "wire/constants.h"

#include <lmdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_OCTETS    ((size_t)1 << 38)
#define QUERY_OCTETS  (DNS_HEADER_OCTETS + 511) /* LMDB's longest key */
#define ANSWER_OCTETS 4096
#define WINDOW        64
#define WAIT_MS       1000

struct database {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
};

static bool holds(int code, const char *what)
{
    if (code != MDB_SUCCESS)
        fprintf(stderr, "%s: %s\n", what, mdb_strerror(code));
    return code == MDB_SUCCESS;
}

/* Opens it with a transaction: for reading, or for writing with MDB_CREATE. */
static bool open_database(struct database *database, const char *path, unsigned flags)
{
    unsigned quick = flags ? MDB_WRITEMAP | MDB_NOSYNC : MDB_RDONLY;

    return holds(mdb_env_create(&database->env), path) &&
           holds(mdb_env_set_mapsize(database->env, MAP_OCTETS), path) &&
           holds(mdb_env_open(database->env, path, MDB_NOSUBDIR | MDB_NORDAHEAD | quick, 0644),
                 path) &&
           holds(mdb_txn_begin(database->env, NULL, flags ? 0 : MDB_RDONLY, &database->txn),
                 path) &&
           holds(mdb_dbi_open(database->txn, NULL, flags, &database->dbi), path);
}

static MDB_val key_of(const uint8_t *query, size_t octets)
{
    return (MDB_val){octets - DNS_HEADER_OCTETS, (void *)(uintptr_t)(query + DNS_HEADER_OCTETS)};
}

/* Keeps one answer under its query: that whose number is the answer's ID. */
static bool keep(struct database *database, const struct iovec *query, const uint8_t *answer,
                 size_t octets)
{
    MDB_val key = key_of(query->iov_base, query->iov_len);
    MDB_val value = {octets, (void *)(uintptr_t)answer};

    return holds(mdb_put(database->txn, database->dbi, &key, &value, 0), "an answer");
}

static void ask(int fd, const struct iovec *query, size_t number)
{
    uint8_t id[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    struct iovec parts[] = {{id, 2}, {(uint8_t *)query->iov_base + 2, query->iov_len - 2}};
    ssize_t sent = writev(fd, parts, 2);
    (void)sent; /* what is lost is missed below */
}

/* Asks the queries from `start` on, at most a window of them, and keeps their answers. How many
 * there were, 0 when not all were answered. */
static size_t ask_window(int fd, struct database *database, const struct queries *queries,
                         size_t start)
{
    size_t left = queries->count - start < WINDOW ? queries->count - start : WINDOW;
    uint8_t answer[ANSWER_OCTETS];

    for (size_t i = 0; i < left; i++)
        ask(fd, &queries->each[start + i], i);
    for (size_t i = 0; i < left; i++) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        ssize_t octets = poll(&waiting, 1, WAIT_MS) == 1 ? recv(fd, answer, sizeof answer, 0) : 0;
        size_t number = octets > DNS_HEADER_OCTETS ? (size_t)(answer[0] << 8 | answer[1]) : WINDOW;
        if (number >= left ||
            !keep(database, &queries->each[start + number], answer, (size_t)octets))
            return 0;
    }
    return left;
}

static bool fill(struct database *database, int fd, const char *path)
{
    struct queries queries;

    if (net_read_queries(path, QUERY_OCTETS, &queries) != STATUS_OK)
        return false;
    size_t done = 0;
    for (size_t n = 1; n > 0 && done < queries.count; done += n)
        n = ask_window(fd, database, &queries, done);
    bool whole = done == queries.count;
    if (!whole)
        fprintf(stderr, "query %zu or one of the next %d is not answered\n", done + 1, WINDOW);
    net_free_queries(&queries);
    return whole && holds(mdb_txn_commit(database->txn), "commit") &&
           holds(mdb_env_sync(database->env, 1), "sync");
}

static void answer(struct database *database, struct batch_slot *slot)
{
    MDB_val value;

    if (slot->octets <= DNS_HEADER_OCTETS || slot->octets > QUERY_OCTETS)
        return;
    MDB_val key = key_of(slot->request, slot->octets);
    if (mdb_get(database->txn, database->dbi, &key, &value) != MDB_SUCCESS)
        return;
    slot->answer[0] = (struct iovec){slot->request, 2}; /* the ID */
    slot->answer[1] = (struct iovec){(uint8_t *)value.mv_data + 2, value.mv_size - 2};
    slot->parts = 2;
}

static void serve(struct database *database, int fd, struct batch *batch)
{
    batch_set_up(batch);
    mdb_txn_reset(database->txn);
    for (;;) {
        int received = batch_receive(fd, batch);
        if (received < 0 || mdb_txn_renew(database->txn) != MDB_SUCCESS)
            continue;
        for (int i = 0; i < received; i++)
            answer(database, &batch->slots[i]);
        batch_send(fd, batch, received);
        mdb_txn_reset(database->txn);
    }
}

int main(int argc, char **argv)
{
    static struct batch batch;
    struct database database;
    bool filling = argc == 6 && strcmp(argv[1], "fill") == 0;

    if (!filling && (argc != 5 || strcmp(argv[1], "serve") != 0)) {
        fprintf(stderr, "usage: ready fill DATABASE ADDRESS PORT QUERIES\n"
                        "       ready serve DATABASE ADDRESS PORT\n");
        return 64;
    }
    if (!open_database(&database, argv[2], filling ? MDB_CREATE : 0))
        return 1;
    int fd = filling ? net_connect(argv[3], argv[4], SOCK_DGRAM)
                     : net_bind(argv[3], argv[4], SOCK_DGRAM);
    if (fd < 0)
        return 1;
    net_enlarge(fd);
    if (filling)
        return fill(&database, fd, argv[5]) ? 0 : 1;
    serve(&database, fd, &batch);
    return 0;
}
