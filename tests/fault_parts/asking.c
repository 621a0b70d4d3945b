#include "tests/fault_parts/asking.h"

#include "server/transfer.h"
#include "store/fault.h"
#include "store/key.h"
#include "store/zones.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_QUESTIONS  40000
#define MESSAGE_OCTETS 65536

static int64_t clock_now(void)
{
    return 1795305600;
}

enum status asking_open(struct bench *bench, char message[STORE_MESSAGE_OCTETS])
{
    struct zone_table *zones;

    enum status status = store_open(ASKING_DATABASE, &bench->store, message);
    if (status != STATUS_OK)
        return status;
    bench->view = (struct view){.config = bench->config, .clock = clock_now};
    if (sha1_create(&bench->view.sha1) != STATUS_OK ||
        snapshot_create(bench->store, &bench->view.snapshot) != STATUS_OK ||
        zone_table_create(bench->config, bench->view.snapshot, &zones) != STATUS_OK)
        fault_end("database " ASKING_DATABASE ": what basis.c says");
    bench->view.zones = zones;
    return STATUS_OK;
}

void asking_close(struct bench *bench)
{
    zone_table_destroy((struct zone_table *)(uintptr_t)bench->view.zones);
    snapshot_destroy(bench->view.snapshot);
    sha1_destroy(bench->view.sha1);
    store_close(bench->store);
}

static void respond_to(struct bench *bench, const uint8_t *request, size_t length,
                       enum transport transport, struct reply *reply)
{
    static const struct sockaddr_in client = {.sin_family = AF_INET,
                                              .sin_addr = {.s_addr = 0x0100007f}};
    const struct asker asker = {.address = (const struct sockaddr *)&client,
                                .transport = transport};
    respond(&bench->view, request, length, &asker, reply);
}

static size_t ask(struct bench *bench, const struct asked_for *question, uint8_t *message)
{
    static struct reply reply;
    size_t length = 0;

    respond_to(bench, question->request, question->length, TRANSPORT_TCP, &reply);
    for (size_t i = 0; reply.action == REPLY_SEND && i < reply.part_count; i++) {
        memcpy(message + length, reply.parts[i].iov_base, reply.parts[i].iov_len);
        length += reply.parts[i].iov_len;
    }
    return length;
}

struct octets asking_transfer(struct bench *bench)
{
    static struct reply reply;
    struct octets all = {NULL, 0};
    struct transfer *stream;
    struct name *apex = &bench->config->zones[0].domain;
    uint8_t request[300] = {0, 0, 0, 0, 0, 1};
    struct writer w = writer_of(request + 12, sizeof request - 12);

    writer_octets(&w, apex->octets, apex->length);
    writer_u16(&w, TYPE_AXFR);
    writer_u16(&w, CLASS_IN);
    respond_to(bench, request, 12 + writer_length(&w), TRANSPORT_TCP, &reply);
    if (reply.action != REPLY_TRANSFER ||
        transfer_create(bench->store, &reply, 0, &stream) != STATUS_OK)
        return all;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        size_t length = 0;
        all.start = realloc(all.start, all.length + MESSAGE_OCTETS);
        status = transfer_next(stream, all.start + all.length, MESSAGE_OCTETS - 1, &length);
        all.length += length;
    }
    transfer_destroy(stream);
    if (status != STATUS_NOT_FOUND)
        all.length = 0;
    return all;
}

static void add_question(struct bench *bench, const struct name *name, uint16_t type)
{
    static uint8_t message[MESSAGE_OCTETS];
    struct asked_for *question = &bench->questions[bench->count];
    /* RD, one question, one OPT: 1232 octets, DO */
    static const uint8_t header[12] = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    static const uint8_t opt[11] = {0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0};

    if (bench->count == MAX_QUESTIONS)
        return;
    struct writer w = writer_of(question->request, sizeof question->request);
    writer_octets(&w, header, sizeof header);
    writer_octets(&w, name->octets, name->length);
    writer_u16(&w, type);
    writer_u16(&w, CLASS_IN);
    writer_octets(&w, opt, sizeof opt);
    if (w.failed)
        return;
    question->length = writer_length(&w);
    question->answer.length = ask(bench, question, message);
    question->answer.start = malloc(question->answer.length + 1);
    memcpy(question->answer.start, message, question->answer.length);
    bench->count++;
}

/* Each name, a name beside it, one below it. */
static void add_questions(struct bench *bench, const struct name *owner, const uint8_t *apex)
{
    static const uint16_t types[] = {TYPE_TXT, TYPE_RP, TYPE_ANY, TYPE_A, TYPE_SOA, TYPE_NS};
    uint8_t label[NAME_MAX_OCTETS];
    struct name other;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        add_question(bench, owner, types[i]);
    if (name_prepend(&other, (const uint8_t *)"q", 1, owner->octets) == STATUS_OK)
        add_question(bench, &other, TYPE_TXT);
    if (name_equals(owner->octets, apex) || owner->octets[0] > 60)
        return;
    memcpy(label, owner->octets + 1, owner->octets[0]);
    label[owner->octets[0]] = '0';
    if (name_prepend(&other, label, owner->octets[0] + 1u, name_parent(owner->octets, 1)) ==
        STATUS_OK)
        add_question(bench, &other, TYPE_TXT);
}

enum status asking_prepare(struct bench *bench)
{
    const uint8_t *apex = bench->config->zones[0].domain.octets;
    uint8_t key[KEY_PREFIX_OCTETS] = {STORE_TABLE_NODES, 0, 0};
    struct snapshot *walk;
    struct zone_record zone;
    struct name owner;
    struct item item;

    bench->questions = calloc(MAX_QUESTIONS, sizeof *bench->questions);
    if (snapshot_create(bench->store, &walk) != STATUS_OK ||
        zones_find(walk, apex, &zone) != STATUS_OK)
        return STATUS_SYSTEM;
    key[1] = (uint8_t)(zone.number >> 8);
    key[2] = (uint8_t)zone.number;
    enum status status = snapshot_walk(walk, WALK_AT_OR_AFTER, key, sizeof key, &item);
    while (status == STATUS_OK && memcmp(item.key, key, sizeof key) == 0) {
        if (key_to_name(&owner, item.key, item.key_octets, apex) == STATUS_OK)
            add_questions(bench, &owner, apex);
        status = snapshot_walk(walk, WALK_NEXT, NULL, 0, &item);
    }
    snapshot_destroy(walk);
    return STATUS_OK;
}

static enum verdict compare_transfer(struct bench *bench)
{
    struct octets all = asking_transfer(bench);
    bool same = all.length == bench->transfer.length &&
                memcmp(all.start, bench->transfer.start, all.length) == 0;
    free(all.start);
    return same ? SAME : all.length == 0 ? SOME_SERVFAIL : WRONG;
}

enum verdict asking_compare(struct bench *bench, bool say)
{
    static uint8_t message[MESSAGE_OCTETS];
    enum verdict verdict = SAME;

    for (size_t i = 0; i < bench->count; i++) {
        const struct asked_for *question = &bench->questions[i];
        size_t length = ask(bench, question, message);
        if (length == question->answer.length &&
            memcmp(message, question->answer.start, length) == 0)
            continue;
        bool servfail = length >= 12 && (message[3] & 15) == RCODE_SERVFAIL;
        if (!servfail && verdict != WRONG && say) {
            char text[NAME_TEXT_OCTETS];
            name_to_text(question->request + 12, text);
            fprintf(stderr, "wrong answer for %s, type %u: rcode %d\n", text,
                    question->request[question->length - 14], message[3] & 15);
        }
        if (verdict != WRONG)
            verdict = servfail ? SOME_SERVFAIL : WRONG;
    }
    enum verdict whole = compare_transfer(bench);
    if (whole == WRONG && say)
        fprintf(stderr, "wrong transfer\n");
    return verdict == WRONG || whole == WRONG ? WRONG : verdict > whole ? verdict : whole;
}
