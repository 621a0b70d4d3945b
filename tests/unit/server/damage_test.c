/*
 * A database whose records lie, checksums and all, as no damage of a disk but a bug or a forger
 * could make them: every octet of every record takes other values. Nothing may crash or leave its
 * bounds; what is said does not matter.
 */
#include "tests/unit/server/asked.h"

#include "server/transfer.h"
#include "store/checksum.h"
#include "store/zones.h"
#include "zone/stored_source.h"

static const char zone_text[] =
    "$ORIGIN example.\n$TTL 3600\n@ SOA ns1 h 7 3600 900 604800 300\n@ NS ns1\nns1 A 192.0.2.1\n"
    "Xa TXT x\nXa RP h Xa\n*.w CNAME Xa\ncut NS ns.cut\nns.cut A 192.0.2.2\n"
    "Xa NSEC cut.example. TXT RP NSEC RRSIG\n"
    "Xa RRSIG NSEC 13 2 3600 20300101000000 20200101000000 1 example. AAAA\n";

#define RRSIG(owner, type)                                                                         \
    owner " RRSIG " type " 13 2 3600 20300101000000 20200101000000 1 example. AAAA\n"

/* Proofs are looked for, and for aliases their targets are looked up. */
static const char signed_text[] =
    "$ORIGIN example.\n$TTL 3600\n@ SOA ns1 h 7 3600 900 604800 300\n@ NS ns1\nns1 A 192.0.2.1\n"
    "@ DNSKEY 257 3 13 AAAA\n" RRSIG(
        "@", "SOA") "*.w CNAME nothing\nc CNAME x.w\ncut NS ns.cut\n"
                    "ns.cut A 192.0.2.2\nXa TXT x\n" RRSIG(
                        "Xa",
                        "TXT") "@ NSEC c.example. NS SOA\n" RRSIG("@",
                                                                  "NSEC") "cut NSEC example. NS\n";

/* The same by NSEC3. */
static const char nsec3_text[] =
    "$ORIGIN example.\n$TTL 3600\n@ SOA ns1 h 7 3600 900 604800 300\n@ NS ns1\nns1 A 192.0.2.1\n"
    "@ DNSKEY 257 3 13 AAAA\n" RRSIG(
        "@",
        "SOA") "@ NSEC3PARAM 1 0 0 -\n"
               "*.w CNAME nothing\nc CNAME x.w\ncut NS ns.cut\nns.cut A 192.0.2.2\nXa TXT x\n"
               "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 1 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr\n"
               "3msev9usmd4br9s97v51r2tdvmr9iqo1 NSEC3 1 1 0 - "
               "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom\n" RRSIG("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
                                                          "NSEC3");

static const struct config_acl everybody = {.actions = ACL_TRANSFER};
static const struct config_acl *open_acl[] = {&everybody};

/* Asks what leads to each record; only bounds are looked at, by whom the tests are built with. */
static void use_view(const struct served *served)
{
    static const struct {
        const char *name;
        uint16_t type;
    } questions[] = {
        {"xa.example", TYPE_TXT},    {"xa.example", TYPE_ANY},   {"xa.example", TYPE_A},
        {"a.b.w.example", TYPE_TXT}, {"w.example", TYPE_A},      {"none.example", TYPE_A},
        {"x.cut.example", TYPE_A},   {"cut.example", TYPE_DS},   {"ns1.example", TYPE_A},
        {"example", TYPE_NS},        {"ns.cut.example", TYPE_A}, {"x.xa.example", TYPE_A},
        {"c.example", TYPE_A},       {"xa.example", TYPE_RRSIG}, {"cut.example", TYPE_A},
        {"x.w.example", TYPE_NSEC},  {"x.w.example", TYPE_ANY},  {"example", TYPE_DS},
    };
    static uint8_t message[MESSAGE_OCTETS];
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        for (int t = TRANSPORT_UDP; t <= TRANSPORT_TCP; t++) {
            struct query query = make_query(questions[i].name, questions[i].type, CLASS_IN, 1232);
            size_t length = ask(served, &query, (enum transport)t, message);
            assert_true(length <= (t == TRANSPORT_UDP ? 1232 : MESSAGE_OCTETS));
        }
}

static void transfer_all(const struct served *served)
{
    static uint8_t message[DNS_MESSAGE_OCTETS];
    static struct reply reply;
    struct query query = make_query("example", TYPE_AXFR, CLASS_IN, -1);
    struct transfer *transfer;
    size_t length;

    respond(
        &served->view, query.octets, query.length,
        &(struct asker){.address = (const struct sockaddr *)&client, .transport = TRANSPORT_TCP},
        &reply);
    if (reply.action != REPLY_TRANSFER ||
        transfer_create(served->store, &reply, 0, &transfer) != STATUS_OK)
        return;
    for (int i = 0;
         i < 100 && transfer_next(transfer, message, sizeof message, &length) == STATUS_OK; i++)
        assert_true(length <= sizeof message);
    transfer_destroy(transfer);
}

static void read_back(struct snapshot *snapshot)
{
    struct stored_source *stored;
    struct zone_record record;
    struct node node;

    if (zones_next(snapshot, -1, &record) != STATUS_OK)
        return;
    assert_int_equal(stored_source_open(snapshot, &record, &stored), STATUS_OK);
    struct node_source source = stored_source_nodes(stored);
    while (source.next(source.state, &node) == STATUS_OK)
        assert_true(node.owner.length > 0);
    stored_source_close(stored);
}

static void put(struct store *store, const uint8_t *key, size_t key_octets, const uint8_t *value,
                size_t value_octets)
{
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit;
    assert_int_equal(edit_begin(store, &edit, message), STATUS_OK);
    assert_int_equal(edit_put(edit, key, key_octets, value, value_octets), STATUS_OK);
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
}

/* Everything that reads the database reads this value. */
static void try_value(struct served *served, const uint8_t *key, size_t key_octets, uint8_t *value,
                      size_t value_octets)
{
    uint32_t sum = checksum_of(key, key_octets, value + 4, value_octets - 4);
    struct writer w = writer_of(value, 4);

    writer_u32(&w, sum);
    put(served->store, key, key_octets, value, value_octets);
    snapshot_reset(served->snapshot);
    assert_int_equal(snapshot_renew(served->snapshot), STATUS_OK);
    zone_table_destroy(served->zones);
    assert_int_equal(zone_table_create(&served->config, served->snapshot, &served->zones),
                     STATUS_OK);
    served->view.zones = served->zones;
    use_view(served);
    transfer_all(served);
    read_back(served->snapshot);
}

static void try_octets(struct served *served, const uint8_t *key, size_t key_octets,
                       const uint8_t *right, size_t value_octets)
{
    uint8_t value[1024];

    assert_true(value_octets <= sizeof value);
    for (size_t at = 4; at < value_octets; at++) {
        const uint8_t others[] = {0, 1, 0xff, (uint8_t)(right[at] + 1),
                                  (uint8_t)(right[at] ^ 0x40)};
        for (size_t i = at % 2; i < sizeof others; i += 2) {
            memcpy(value, right, value_octets);
            value[at] = others[i];
            try_value(served, key, key_octets, value, value_octets);
        }
    }
    for (size_t length = 4; length < value_octets; length += 1 + length / 16) {
        memcpy(value, right, value_octets);
        try_value(served, key, key_octets, value, length);
    }
    put(served->store, key, key_octets, right, value_octets);
}

/* The n-th item after the format record, copied. */
static bool item_at(const struct served *served, size_t n, uint8_t key[512], size_t *key_octets,
                    uint8_t value[1024], size_t *value_octets)
{
    struct snapshot *snapshot;
    struct item item;

    assert_int_equal(snapshot_create(served->store, &snapshot), STATUS_OK);
    enum status status = snapshot_walk(snapshot, WALK_AT_OR_AFTER, (const uint8_t *)"\1", 1, &item);
    for (size_t i = 0; i < n && status == STATUS_OK; i++)
        status = snapshot_walk(snapshot, WALK_NEXT, NULL, 0, &item);
    if (status == STATUS_OK) {
        assert_true(item.value_octets <= 1024);
        memcpy(key, item.key, *key_octets = item.key_octets);
        memcpy(value, item.value, *value_octets = item.value_octets);
    }
    snapshot_destroy(snapshot);
    return status == STATUS_OK;
}

static void lie(const char *text, size_t items)
{
    uint8_t key[512];
    uint8_t value[1024];
    size_t key_octets, value_octets;
    struct served served;
    size_t n = 0;

    served_create(&served, text);
    served.zone_configs[0].acl_count = 1;
    served.zone_configs[0].acl = open_acl;
    for (; item_at(&served, n, key, &key_octets, value, &value_octets); n++)
        try_octets(&served, key, key_octets, value, value_octets);
    assert_int_equal(n, items);
    served_destroy(&served);
}

static void records_that_lie_do_no_harm(void **state)
{
    (void)state;
    lie(zone_text, 8);
    lie(signed_text, 9);
    lie(nsec3_text, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_that_lie_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
