/*
 * What a zone transfer carries (RFC 5936): the zone's records, each once, between two SOA, in
 * messages that ldns reads, whatever the letter case of the question; and who gets which kind of
 * transfer (RFC 1995).
 */
#include "tests/unit/server/asked.h"
#include "tests/unit/server/decoded.h"

#include "server/transfer.h"
#include "store/key.h"

#define HEAD                                                                                       \
    "$ORIGIN Example.\n$TTL 3600\n"                                                                \
    "@ SOA ns1 hostmaster 7 3600 900 604800 300\n@ NS ns1\nNS1 A 192.0.2.1\n"

static const struct config_acl everybody = {.actions = ACL_TRANSFER};
static const struct config_acl *open_acl[] = {&everybody};

static void serve(struct served *served, const char *text)
{
    served_create(served, text);
    served->zone_configs[0].acl_count = 1;
    served->zone_configs[0].acl = open_acl;
}

/* All records of a zone, the SOA twice. */
static struct lines records_of(const struct node_source *source)
{
    struct lines lines = {.count = 0};
    struct node node;

    assert_int_equal(source->rewind(source->state), STATUS_OK);
    while (source->next(source->state, &node) == STATUS_OK)
        for (size_t i = 0; i < node.rrset_count; i++) {
            lines_add_rrset(&lines, &node.owner, &node.rrsets[i]);
            if (node.rrsets[i].type == TYPE_SOA)
                lines_add_rrset(&lines, &node.owner, &node.rrsets[i]);
        }
    return lines;
}

/* A transfer as it was received. */
struct received {
    struct lines lines;
    size_t messages;
};

/* What each message of a transfer has in common. */
static void assert_message_of_transfer(const struct query *query, const uint8_t *message,
                                       size_t length, bool edns)
{
    struct reader r = reader_of(message, length);
    struct header header = header_read(&r);
    size_t question_octets = name_octets(query->octets + DNS_HEADER_OCTETS) + 4;

    assert_int_equal(header.id, 0x1234);
    assert_int_equal(header.flags, HEADER_QR | HEADER_AA | HEADER_RD);
    assert_int_equal(header.qdcount, 1);
    assert_int_equal(header.nscount, 0);
    assert_int_equal(header.arcount, edns); /* RFC 9103 §6.3.4: in every message */
    assert_memory_equal(message + DNS_HEADER_OCTETS, query->octets + DNS_HEADER_OCTETS,
                        question_octets);
}

static struct transfer *begin(const struct served *served, const struct query *query)
{
    static struct reply reply;
    struct transfer *transfer = NULL;

    respond(
        &served->view, query->octets, query->length,
        &(struct asker){.address = (const struct sockaddr *)&client, .transport = TRANSPORT_TCP},
        &reply);
    assert_int_equal(reply.action, REPLY_TRANSFER);
    assert_int_equal(transfer_create(served->store, &reply, 0, &transfer), STATUS_OK);
    return transfer;
}

static struct received finish(struct transfer *transfer, const struct query *query, bool edns)
{
    struct received received = {.messages = 0};
    /* As long as promised: a write past it is seen. */
    uint8_t *message = malloc(DNS_MESSAGE_OCTETS);
    size_t length;
    enum status status;

    assert_non_null(message);
    while ((status = transfer_next(transfer, message, DNS_MESSAGE_OCTETS, &length)) == STATUS_OK) {
        ldns_pkt *pkt = NULL;
        received.messages++;
        assert_message_of_transfer(query, message, length, edns);
        assert_int_equal(ldns_wire2pkt(&pkt, message, length), LDNS_STATUS_OK);
        assert_int_equal(ldns_pkt_edns(pkt), edns);
        assert_true(ldns_pkt_ancount(pkt) > 0);
        lines_add_list(&received.lines, ldns_pkt_answer(pkt));
        ldns_pkt_free(pkt);
    }
    assert_int_equal(status, STATUS_NOT_FOUND);
    assert_int_equal(transfer_next(transfer, message, DNS_MESSAGE_OCTETS, &length),
                     STATUS_NOT_FOUND);
    assert_int_equal(transfer_records(transfer), received.lines.count);
    free(message);
    transfer_destroy(transfer);
    return received;
}

/* Transfers the first zone; its records arrive, each once, the SOA first and last. Returns the
 * number of messages. */
static size_t assert_transfers(const struct served *served, const char *asked, int udp_octets)
{
    struct query query = make_query(asked, TYPE_AXFR, CLASS_IN, udp_octets);
    struct received have = finish(begin(served, &query), &query, udp_octets >= 0);
    struct lines want = records_of(&served->sources[0]);

    assert_non_null(strstr(have.lines.items[0], "\tSOA\t"));
    assert_string_equal(have.lines.items[have.lines.count - 1], have.lines.items[0]);
    if (!lines_equal(&have.lines, &want)) {
        lines_print("transferred", &have.lines);
        lines_print("zone", &want);
        fail();
    }
    lines_free(&have.lines);
    lines_free(&want);
    return have.messages;
}

static void a_zone_of_all_kinds_of_records_is_transferred(void **state)
{
    static const char *const asked[] = {"Example", "example", "EXAMPLE", "eXAMPLE"};
    struct served served;
    (void)state;

    serve(&served, HEAD "Xa TXT x\nxa MX 1 Ns1\n*.Xa CNAME xA\n_Noc.XA TXT \"V=cc1\"\nA.b.C TXT z\n"
                        "Cut NS Ns.Cut\ncut DS 1 13 2 00\nNs.Cut A 192.0.2.2\nx.cut TXT occluded\n"
                        "b.cut NS x.cut\n\\000\\255 TXT o\nt TYPE65280 \\# 0\nlong TXT \"\"\n");
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        assert_int_equal(assert_transfers(&served, asked[i], -1), 1);
        assert_int_equal(assert_transfers(&served, asked[i], 1232), 1);
    }
    served_destroy(&served);
}

/* RFC 4035 §3.1.5; signatures have the TTL of what they cover, also in the file. */
static void signatures_and_nsec_are_transferred_as_they_are(void **state)
{
    static const char end[] = " 20300101000000 20200101000000 1 example. AAAA";
    struct served served;
    char text[2048];
    (void)state;

    snprintf(text, sizeof text,
             HEAD "@ 3600 RRSIG SOA 13 1 3600%s\nxa 900 TXT x\nxa 900 RRSIG TXT 13 2 900%s\n"
                  "xa 300 NSEC example. TXT RRSIG NSEC\nxa 300 RRSIG NSEC 13 2 300%s\n",
             end, end, end);
    serve(&served, text);
    struct query query = make_query("example", TYPE_AXFR, CLASS_IN, -1);
    struct received have = finish(begin(&served, &query), &query, false);
    size_t seen = 0;
    for (size_t i = 0; i < have.lines.count; i++) {
        seen += strncmp(have.lines.items[i], "xa.Example.\t900\tIN\tRRSIG\tTXT", 28) == 0;
        seen += strncmp(have.lines.items[i], "xa.Example.\t300\tIN\tRRSIG\tNSEC", 29) == 0;
        seen += strncmp(have.lines.items[i], "Example.\t3600\tIN\tRRSIG\tSOA", 26) == 0;
    }
    assert_int_equal(seen, 3);
    lines_free(&have.lines);
    served_destroy(&served);
}

/* A zone of `names` names, and one of them with an RRset of `addresses` records; to be freed. */
static char *large_zone(size_t names, size_t addresses)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    fputs(HEAD, out);
    for (size_t i = 0; i < names; i++)
        fprintf(out, "Name-%zu.of.a.large.zone TXT \"%0*zu\"\n", i, (int)(i % 200), i);
    for (size_t i = 0; i < addresses; i++)
        fprintf(out, "big A 10.0.%zu.%zu\nbig TXT %zu\n", i / 256, i % 256, i);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void a_large_zone_comes_in_messages_that_are_well_filled(void **state)
{
    struct served served;
    (void)state;

    char *text = large_zone(3000, 3000);
    serve(&served, text);
    /* 3000 names of about 150 octets, 3000 records of 16 and as many of 18. */
    assert_in_range(assert_transfers(&served, "example", 1232), 30, 36);
    assert_int_equal(assert_transfers(&served, "EXAMPLE", -1),
                     assert_transfers(&served, "Example", -1));
    served_destroy(&served);
    free(text);
}

/* Every size of a name around the end of a message, beyond which a pointer would not reach (RFC
 * 1035 §4.1.4). */
static void names_around_offset_16384_are_whole(void **state)
{
    (void)state;
    for (size_t pad = 0; pad < 40; pad += 2) {
        char *text = NULL;
        size_t length;
        struct served served;
        FILE *out = open_memstream(&text, &length);
        assert_non_null(out);
        fputs(HEAD, out);
        for (size_t i = 0; i < 66; i++) /* 66 × 248 octets reach the limit from below */
            fprintf(out, "a%02zu TXT \"%0230zu\"\n", i, i);
        fprintf(out, "b TXT \"%0*zu\"\n", (int)pad + 1, pad);
        for (size_t i = 0; i < 4; i++)
            fprintf(out, "c.Some.Name%zu TXT one\nc.Some.Name%zu TXT two\n", i, i);
        assert_int_equal(fclose(out), 0);
        serve(&served, text);
        assert_transfers(&served, "example", -1);
        served_destroy(&served);
        free(text);
    }
}

/* Zones that end just before a message is full, and just after. */
static void the_last_soa_may_need_a_message_of_its_own(void **state)
{
    bool alone = false;
    bool together = false;
    (void)state;

    for (size_t pad = 0; pad < 256; pad += 16) {
        char *text = NULL;
        size_t length;
        struct served served;
        FILE *out = open_memstream(&text, &length);
        assert_non_null(out);
        fputs(HEAD, out);
        for (size_t i = 0; i < 74; i++) /* about 217 octets each */
            fprintf(out, "a%02zu TXT \"%0200zu\"\n", i, i);
        fprintf(out, "b TXT \"%0*zu\"\n", (int)pad + 1, pad);
        assert_int_equal(fclose(out), 0);
        serve(&served, text);
        size_t messages = assert_transfers(&served, "example", -1);
        together = together || messages == 1;
        alone = alone || messages == 2;
        served_destroy(&served);
        free(text);
    }
    assert_true(alone && together);
}

/* Messages are of 16 KiB, so that pointers reach all of each; a record may be longer. */
static void a_long_record_has_a_longer_message(void **state)
{
    struct served served;
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    (void)state;

    assert_non_null(out);
    fputs(HEAD "a TXT x\nlong TXT", out);
    for (size_t i = 0; i < 200; i++)
        fprintf(out, " \"%0250zu\"", i);
    fputs("\nlong MX 1 ns1\nz TXT x\n", out);
    assert_int_equal(fclose(out), 0);
    serve(&served, text);
    assert_int_equal(assert_transfers(&served, "example", 1232), 2);
    served_destroy(&served);
    free(text);
}

static void a_root_zone_is_transferred(void **state)
{
    struct served served;
    (void)state;

    serve(&served, "$TTL 3600\n. SOA ns. h. 7 3600 900 604800 300\n. NS ns.\nns. A 192.0.2.1\n"
                   "xa. NS ns.xa.\nns.xa. A 192.0.2.2\na.b.c. TXT x\n");
    assert_transfers(&served, ".", 1232);
    served_destroy(&served);
}

/* RFC 5936 §3.1: one version of the zone, whatever is published meanwhile. */
static void a_transfer_shows_one_version_of_the_zone(void **state)
{
    struct served served;
    (void)state;

    char *text = large_zone(2000, 0);
    serve(&served, text);
    struct lines want = records_of(&served.sources[0]);
    struct query query = make_query("example", TYPE_AXFR, CLASS_IN, -1);
    struct transfer *transfer = begin(&served, &query);
    served_restore(&served, HEAD "other TXT x\n");
    struct received have = finish(transfer, &query, false);
    assert_true(lines_equal(&have.lines, &want));
    assert_int_equal(transfer_serial(transfer = begin(&served, &query)), 7);
    transfer_destroy(transfer);
    lines_free(&have.lines);
    lines_free(&want);
    served_destroy(&served);
    free(text);
}

static void a_damaged_zone_is_not_transferred_to_its_end(void **state)
{
    static uint8_t message[DNS_MESSAGE_OCTETS];
    struct query query = make_query("example", TYPE_AXFR, CLASS_IN, -1);
    char text[STORE_MESSAGE_OCTETS];
    struct served served;
    struct edit *edit;
    struct key key;
    size_t length;
    (void)state;

    serve(&served, HEAD "xa TXT x\n");
    key_of_name(&key, 0, (const uint8_t *)"\2xa\7example", 1);
    assert_int_equal(edit_begin(served.store, &edit, text), STATUS_OK);
    assert_int_equal(edit_put(edit, key.octets, key.length, message, 40), STATUS_OK);
    assert_int_equal(edit_commit(edit, text), STATUS_OK);
    struct transfer *transfer = begin(&served, &query);
    assert_int_equal(transfer_next(transfer, message, DNS_MESSAGE_OCTETS, &length),
                     STATUS_MALFORMED);
    transfer_destroy(transfer);
    served_destroy(&served);
}

static void a_zone_that_has_gone_is_not_found(void **state)
{
    static struct reply reply;
    struct query query = make_query("example", TYPE_AXFR, CLASS_IN, -1);
    struct transfer *transfer = NULL;
    char message[STORE_MESSAGE_OCTETS];
    struct commit_result result;
    struct zone_record record = {.number = 0, .apex = (const uint8_t *)"\7example"};
    struct served served;
    struct edit *edit;
    (void)state;

    serve(&served, HEAD);
    respond(
        &served.view, query.octets, query.length,
        &(struct asker){.address = (const struct sockaddr *)&client, .transport = TRANSPORT_TCP},
        &reply);
    assert_int_equal(reply.action, REPLY_TRANSFER);
    assert_int_equal(edit_begin(served.store, &edit, message), STATUS_OK);
    assert_int_equal(commit_remove(edit, &record, NULL, &result), STATUS_OK);
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
    assert_int_equal(transfer_create(served.store, &reply, 0, &transfer), STATUS_NOT_FOUND);
    served_destroy(&served);
}

/* An IXFR question, with or without the client's SOA. */
static struct query ixfr(const char *name, bool with_soa, uint32_t serial)
{
    return with_soa ? make_ixfr_query(name, serial) : make_query(name, TYPE_IXFR, CLASS_IN, -1);
}

static void who_asks_for_a_transfer_gets_what_is_his(void **state)
{
    const struct {
        struct query query;
        enum transport transport;
        bool closed;
        enum reply_action action;
        unsigned rcode;
        size_t answers;
    } cases[] = {
        {ixfr("example", true, 6), TRANSPORT_TCP, false, REPLY_TRANSFER, 0, 0},
        {ixfr("EXAMPLE", true, 0x80000010), TRANSPORT_TCP, false, REPLY_TRANSFER, 0, 0},
        {ixfr("example", true, 7), TRANSPORT_TCP, false, REPLY_SEND, RCODE_NOERROR, 1},
        {ixfr("example", true, 8), TRANSPORT_TCP, false, REPLY_SEND, RCODE_NOERROR, 1},
        {ixfr("example", true, 6), TRANSPORT_UDP, false, REPLY_SEND, RCODE_NOERROR, 1},
        {ixfr("example", false, 0), TRANSPORT_TCP, false, REPLY_SEND, RCODE_FORMERR, 0},
        {ixfr("example", true, 6), TRANSPORT_TCP, true, REPLY_SEND, RCODE_REFUSED, 0},
        {ixfr("xa.example", true, 6), TRANSPORT_TCP, false, REPLY_SEND, RCODE_NOTAUTH, 0},
        {ixfr("test", true, 6), TRANSPORT_TCP, false, REPLY_SEND, RCODE_NOTAUTH, 0},
        {make_query("example", TYPE_AXFR, CLASS_IN, -1), TRANSPORT_UDP, false, REPLY_SEND,
         RCODE_FORMERR, 0},
        {make_query("example", TYPE_AXFR, CLASS_IN, -1), TRANSPORT_TCP, true, REPLY_SEND,
         RCODE_REFUSED, 0},
        {make_query("example", TYPE_AXFR, CLASS_CH, -1), TRANSPORT_TCP, false, REPLY_SEND,
         RCODE_REFUSED, 0},
    };
    static struct reply reply;
    static uint8_t message[MESSAGE_OCTETS];
    struct served served;
    (void)state;

    serve(&served, HEAD "xa TXT x\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        served.zone_configs[0].acl_count = !cases[i].closed;
        respond(&served.view, cases[i].query.octets, cases[i].query.length,
                &(struct asker){.address = (const struct sockaddr *)&client,
                                .transport = cases[i].transport},
                &reply);
        assert_int_equal(reply.action, cases[i].action);
        if (reply.action != REPLY_SEND)
            continue;
        struct decoded have = decoded_of(message, join(&reply, message));
        assert_int_equal(have.rcode, cases[i].rcode);
        assert_int_equal(have.answer.count, cases[i].answers);
        assert_int_equal(have.authority.count, 0);
        if (cases[i].answers > 0)
            assert_non_null(strstr(have.answer.items[0], "\tSOA\t"));
        decoded_free(&have);
    }
    served_destroy(&served);
}

/* RFC 9103 §7.2: what goes by TLS passes for protected. */
static void transfers_over_tls_need_what_protects_them(void **state)
{
    struct query query = make_query("example", TYPE_AXFR, CLASS_IN, -1);
    static struct reply reply;
    struct served served;
    (void)state;

    serve(&served, HEAD "xa TXT x\n");
    for (int may = 0; may < 2; may++) {
        const struct asker asker = {.address = (const struct sockaddr *)&client,
                                    .transport = TRANSPORT_TLS,
                                    .may_transfer = may == 1};
        respond(&served.view, query.octets, query.length, &asker, &reply);
        assert_int_equal(reply.action, may == 1 ? REPLY_TRANSFER : REPLY_SEND);
        assert_int_equal(reply.transfer_denied, may == 0);
        assert_int_equal(reply.transfer_unsafe, may == 0);
    }
    served_destroy(&served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_of_all_kinds_of_records_is_transferred),
        cmocka_unit_test(signatures_and_nsec_are_transferred_as_they_are),
        cmocka_unit_test(a_large_zone_comes_in_messages_that_are_well_filled),
        cmocka_unit_test(names_around_offset_16384_are_whole),
        cmocka_unit_test(the_last_soa_may_need_a_message_of_its_own),
        cmocka_unit_test(a_long_record_has_a_longer_message),
        cmocka_unit_test(a_root_zone_is_transferred),
        cmocka_unit_test(a_transfer_shows_one_version_of_the_zone),
        cmocka_unit_test(a_damaged_zone_is_not_transferred_to_its_end),
        cmocka_unit_test(a_zone_that_has_gone_is_not_found),
        cmocka_unit_test(transfers_over_tls_need_what_protects_them),
        cmocka_unit_test(who_asks_for_a_transfer_gets_what_is_his),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
