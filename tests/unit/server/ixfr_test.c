/*
 * Differences (IXFR, RFC 1995 §4): taken from the old zone what is removed, and put to it what is
 * added, and it is the new one; when the whole zone is sent instead; and that no walk keeps others
 * waiting.
 */
#include "tests/unit/server/asked.h"
#include "tests/unit/server/decoded.h"

#include "server/ixfr.h"
#include "server/transfer.h"
#include "store/key.h"

#define OLD_HEAD                                                                                   \
    "$ORIGIN Example.\n$TTL 3600\n"                                                                \
    "@ SOA ns1 hostmaster 7 3600 900 604800 300\n@ NS ns1\nNS1 A 192.0.2.1\n"
#define NEW_HEAD                                                                                   \
    "$ORIGIN Example.\n$TTL 3600\n"                                                                \
    "@ SOA ns1 hostmaster 8 3600 900 604800 300\n@ NS ns1\nNS1 A 192.0.2.1\n"
/* So that a difference is less than the zone. */
#define BULK                                                                                       \
    "bulk TXT a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o\n" \
    "bulk2 TXT a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n "   \
    "o\n"

static const struct config_acl everybody = {.actions = ACL_TRANSFER};
static const struct config_acl *open_acl[] = {&everybody};

/* Serves the last of some versions of a zone; the first is sources[0]. */
static void serve(struct served *served, const char *const texts[], size_t count)
{
    served_start(served);
    for (size_t i = 0; i < count; i++)
        served_restore(served, texts[i]);
    served->config.zone_count = 1;
    served->zone_configs[0].acl_count = 1;
    served->zone_configs[0].acl = open_acl;
    served_show(served);
}

static struct transfer *begin(const struct served *served, uint32_t serial)
{
    static struct reply reply;
    struct transfer *transfer = NULL;
    struct query query = make_ixfr_query("example", serial);

    respond(
        &served->view, query.octets, query.length,
        &(struct asker){.address = (const struct sockaddr *)&client, .transport = TRANSPORT_TCP},
        &reply);
    assert_int_equal(reply.action, REPLY_TRANSFER);
    assert_int_equal(transfer_create(served->store, &reply, 0, &transfer), STATUS_OK);
    return transfer;
}

/* All records that come, in their order. */
static struct lines finish(struct transfer *transfer, size_t *empty)
{
    static uint8_t message[DNS_MESSAGE_OCTETS];
    struct lines lines = {.count = 0};
    size_t length;
    enum status status;

    *empty = 0;
    while ((status = transfer_next(transfer, message, sizeof message, &length)) == STATUS_OK) {
        ldns_pkt *pkt = NULL;
        if (length == 0) {
            (*empty)++;
            continue;
        }
        assert_int_equal(ldns_wire2pkt(&pkt, message, length), LDNS_STATUS_OK);
        lines_add_list(&lines, ldns_pkt_answer(pkt));
        ldns_pkt_free(pkt);
    }
    assert_int_equal(status, STATUS_NOT_FOUND);
    return lines;
}

static struct lines records_of(const struct node_source *source)
{
    struct lines lines = {.count = 0};
    struct node node;

    assert_int_equal(source->rewind(source->state), STATUS_OK);
    while (source->next(source->state, &node) == STATUS_OK)
        for (size_t i = 0; i < node.rrset_count; i++)
            lines_add_rrset(&lines, &node.owner, &node.rrsets[i]);
    return lines;
}

static bool is_soa(const char *line)
{
    return strstr(line, "\tSOA\t") != NULL;
}

static void remove_line(struct lines *zone, const char *line)
{
    for (size_t i = 0; i < zone->count; i++)
        if (strcmp(zone->items[i], line) == 0) {
            free(zone->items[i]);
            zone->items[i] = zone->items[--zone->count];
            return;
        }
    fail_msg("removed, but was not there: %s", line);
}

static void add_line(struct lines *zone, const char *line)
{
    for (size_t i = 0; i < zone->count; i++)
        if (strcmp(zone->items[i], line) == 0)
            fail_msg("added, but was there: %s", line);
    lines_add(zone, strdup(line));
}

/* Applies a difference (RFC 1995 §4): new SOA, old SOA, removed, new SOA, added, new SOA. */
static void apply(struct lines *zone, const struct lines *difference)
{
    size_t count = difference->count;
    size_t at = 1;

    assert_true(count >= 4 && is_soa(difference->items[0]) && is_soa(difference->items[1]));
    assert_string_equal(difference->items[0], difference->items[count - 1]);
    do
        remove_line(zone, difference->items[at++]);
    while (!is_soa(difference->items[at]));
    assert_string_equal(difference->items[at], difference->items[0]);
    do
        add_line(zone, difference->items[at++]);
    while (!is_soa(difference->items[at]));
    assert_int_equal(at, count - 1);
}

static void a_difference_turns_the_old_zone_into_the_new_one(void **state)
{
    static const char sig[] = " 13 2 3600 20300101000000 20200101000000 1 example. AAAA\n";
    static const struct {
        const char *before;
        const char *after;
        size_t records; /* without the four SOA */
    } cases[] = {
        {"", "", 0},
        {"xa TXT x\n", "xa TXT x\n", 0},
        {"xa TXT x\n", "xa TXT y\n", 2},
        {"xa TXT x\n", "xa 60 TXT x\n", 2},
        {"xa TXT x\n", "", 1},
        {"", "xa TXT x\n", 1},
        {"xa TXT x\nxa TXT y\nxa MX 1 ns1\n", "xa TXT y\nxa TXT z\nxa MX 1 ns1\n", 2},
        {"xa TXT x\n", "Xa TXT x\n", 2},
        {"*.xa TXT x\nb.xa CNAME c.xa\nc.xa TXT c\n", "*.xa TXT x\nb.xa CNAME c.xa\nc.xa TXT d\n",
         2},
        {"cut NS ns.cut\nns.cut A 192.0.2.2\n", "cut NS ns.cut\nns.cut A 192.0.2.3\n", 2},
        {"x.cut TXT x\n", "x.cut TXT x\ncut NS ns1\n", 1},
        {"@ MX 1 ns1\n", "@ MX 2 ns1\n", 2},
        {"\\000\\255 TXT o\n", "\\000\\254 TXT o\n", 2},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char before[2048], after[2048];
        const char *const texts[] = {before, after};
        struct served served;
        size_t empty;
        snprintf(before, sizeof before, OLD_HEAD BULK "%sbulk RRSIG TXT%s", cases[i].before, sig);
        snprintf(after, sizeof after, NEW_HEAD BULK "%sbulk RRSIG TXT%s", cases[i].after, sig);
        serve(&served, texts, 2);
        struct lines zone = records_of(&served.sources[0]);
        struct lines want = records_of(&served.sources[1]);
        struct transfer *transfer = begin(&served, 7);
        struct lines have = finish(transfer, &empty);
        assert_int_equal(transfer_kind(transfer), TRANSFER_IXFR);
        assert_int_equal(transfer_old_serial(transfer), 7);
        assert_int_equal(have.count, cases[i].records + 4);
        apply(&zone, &have);
        assert_true(lines_equal(&zone, &want));
        transfer_destroy(transfer);
        lines_free(&have);
        lines_free(&zone);
        lines_free(&want);
        served_destroy(&served);
    }
}

/* A zone of `names` names with a record each that says `what`, and `addresses` of one name. */
static char *large_zone(uint32_t serial, size_t names, const char *what, size_t addresses)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    fprintf(out,
            "$ORIGIN Example.\n$TTL 3600\n@ SOA ns1 h %u 3600 900 604800 300\n@ NS ns1\n"
            "ns1 A 192.0.2.1\n" BULK,
            serial);
    for (size_t i = 0; i < names; i++)
        fprintf(out, "n%zu TXT %s\n", i, what);
    for (size_t i = 0; i < addresses; i++)
        fprintf(out, "big A 10.0.%zu.%zu\n", i / 256, i % 256);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* RFC 1995 §5: condensed; and a walk over what changed and changed back leaves others their time.
 */
static void what_changed_back_is_no_difference(void **state)
{
    struct served served;
    size_t empty;
    char *texts[] = {large_zone(7, 300, "a", 0), large_zone(8, 300, "b", 0),
                     large_zone(9, 300, "a", 0)};
    (void)state;

    serve(&served, (const char *const *)texts, 3);
    struct transfer *transfer = begin(&served, 7);
    struct lines have = finish(transfer, &empty);
    assert_int_equal(have.count, 4);
    assert_true(empty >= 2 * (300 / IXFR_NAMES_AT_ONCE));
    transfer_destroy(transfer);
    lines_free(&have);
    served_destroy(&served);
    for (size_t i = 0; i < 3; i++)
        free(texts[i]);
}

/* A name that every step has is one name to send, and many to pass. */
static void what_changed_often_leaves_others_their_time_too(void **state)
{
    const size_t steps = 100, names = IXFR_NAMES_AT_ONCE / 2;
    struct served served;
    size_t empty;
    (void)state;

    served_start(&served);
    for (size_t n = 0; n <= steps; n++) {
        char *text = large_zone(7 + (uint32_t)n, names, n % 2 == 0 ? "a" : "b", 0);
        served.config.zone_count = 0; /* the same zone again */
        served_restore(&served, text);
        free(text);
    }
    served.zone_configs[0].acl_count = 1;
    served.zone_configs[0].acl = open_acl;
    served_show(&served);
    struct transfer *transfer = begin(&served, 7);
    struct lines have = finish(transfer, &empty);
    assert_int_equal(transfer_kind(transfer), TRANSFER_IXFR);
    assert_int_equal(have.count, 4);
    assert_true(empty >= 3 * names * steps / 8 / (2 * IXFR_NAMES_AT_ONCE));
    transfer_destroy(transfer);
    lines_free(&have);
    served_destroy(&served);
}

/* More pairs than are compared: the name as a whole goes and comes. */
static void a_name_of_many_records_is_replaced(void **state)
{
    struct served served;
    size_t empty;
    char *texts[] = {large_zone(7, 500, "a", 300), large_zone(8, 500, "a", 301)};
    (void)state;

    serve(&served, (const char *const *)texts, 2);
    struct transfer *transfer = begin(&served, 7);
    struct lines have = finish(transfer, &empty);
    assert_int_equal(transfer_kind(transfer), TRANSFER_IXFR);
    assert_int_equal(have.count, 4 + 300 + 301);
    transfer_destroy(transfer);
    lines_free(&have);
    served_destroy(&served);
    free(texts[0]);
    free(texts[1]);
}

/* The whole zone comes, in the form of AXFR. */
static void assert_whole(const struct served *served, uint32_t serial)
{
    struct transfer *transfer = begin(served, serial);
    struct lines want = records_of(&served->sources[1]);
    size_t empty;

    struct lines have = finish(transfer, &empty);
    assert_int_equal(transfer_kind(transfer), TRANSFER_WHOLE);
    assert_int_equal(have.count, want.count + 1);
    assert_true(is_soa(have.items[0]) && is_soa(have.items[have.count - 1]));
    free(have.items[--have.count]);
    assert_true(lines_equal(&have, &want));
    transfer_destroy(transfer);
    lines_free(&have);
    lines_free(&want);
}

/* RFC 1995 §4 */
static void an_unknown_serial_gets_the_whole_zone(void **state)
{
    static const char *const texts[] = {OLD_HEAD BULK "xa TXT x\n", NEW_HEAD BULK "xa TXT y\n"};
    struct served served;
    (void)state;

    serve(&served, texts, 2);
    assert_whole(&served, 6);
    assert_whole(&served, 0x80000010);
    served_destroy(&served);
}

/* RFC 1995 §5 */
static void a_difference_larger_than_the_zone_is_not_sent(void **state)
{
    char *texts[] = {large_zone(7, 200, "a", 0), large_zone(8, 200, "b", 0)};
    struct served served;
    (void)state;

    serve(&served, (const char *const *)texts, 2);
    assert_whole(&served, 7);
    served_destroy(&served);
    free(texts[0]);
    free(texts[1]);
}

static void put(struct served *served, const uint8_t *key, size_t key_octets)
{
    static const uint8_t garbage[40] = {1};
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit;

    assert_int_equal(edit_begin(served->store, &edit, message), STATUS_OK);
    assert_int_equal(edit_put(edit, key, key_octets, garbage, sizeof garbage), STATUS_OK);
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
}

/* Nothing of it has been sent when the damage is seen: no client is left without an answer. */
static void a_damaged_history_means_the_whole_zone(void **state)
{
    static const char *const texts[] = {OLD_HEAD BULK "xa TXT x\n", NEW_HEAD BULK "xa TXT y\n"};
    static const uint8_t xa[] = "xa";
    (void)state;

    for (int what = 0; what < 3; what++) {
        uint8_t key[HISTORY_KEY_OCTETS];
        struct served served;
        serve(&served, texts, 2);
        size_t octets = history_key(key, 0, what > 0, what < 2 ? HISTORY_STEP : HISTORY_NODE);
        memcpy(key + octets, xa, sizeof xa);
        put(&served, key, octets + (what == 2 ? sizeof xa : 0));
        assert_whole(&served, 7);
        served_destroy(&served);
    }
}

/* RFC 1995 §2: else one SOA. */
static void by_udp_a_difference_needs_room(void **state)
{
    static const char *const texts[] = {OLD_HEAD BULK "xa TXT x\n", NEW_HEAD BULK "xa TXT y\n"};
    static uint8_t spare[REPLY_SPARE_OCTETS];
    static uint8_t message[MESSAGE_OCTETS];
    static struct reply reply;
    struct query query = make_ixfr_query("example", 7);
    struct served served;
    (void)state;

    serve(&served, texts, 2);
    for (int roomy = 0; roomy < 2; roomy++) {
        reply.spare = roomy ? spare : NULL;
        respond(&served.view, query.octets, query.length,
                &(struct asker){.address = (const struct sockaddr *)&client}, &reply);
        assert_int_equal(reply.action, REPLY_SEND);
        assert_int_equal(reply.spare_used, roomy);
        struct decoded have = decoded_of(message, join(&reply, message));
        assert_int_equal(have.answer.count, roomy ? 6 : 1);
        struct lines zone = records_of(&served.sources[0]);
        struct lines want = records_of(&served.sources[1]);
        if (roomy) {
            apply(&zone, &have.answer);
            assert_true(lines_equal(&zone, &want));
        }
        lines_free(&zone);
        lines_free(&want);
        decoded_free(&have);
    }
    served_destroy(&served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_turns_the_old_zone_into_the_new_one),
        cmocka_unit_test(what_changed_back_is_no_difference),
        cmocka_unit_test(what_changed_often_leaves_others_their_time_too),
        cmocka_unit_test(a_name_of_many_records_is_replaced),
        cmocka_unit_test(an_unknown_serial_gets_the_whole_zone),
        cmocka_unit_test(a_difference_larger_than_the_zone_is_not_sent),
        cmocka_unit_test(a_damaged_history_means_the_whole_zone),
        cmocka_unit_test(by_udp_a_difference_needs_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
