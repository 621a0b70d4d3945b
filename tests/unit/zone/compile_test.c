/*
 * What the compiler makes of each name, seen in what is answered from it: ldns decodes the replies,
 * a plain reading of RFC 1034 §4.3.2 over the zone's own records says what must be in them. Run
 * with a zone file that holds every corner as its argument.
 */
#include "tests/unit/server/asked.h"
#include "tests/unit/server/decoded.h"
#include "tests/unit/server/expected.h"

#include "zone/compile.h"

#include <ctype.h>

#define HEAD                                                                                       \
    "$ORIGIN example.\n$TTL 3600\n"                                                                \
    "@ SOA ns1 hostmaster 7 3600 900 604800 300\n@ NS ns1\nns1 A 192.0.2.1\n"

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return name;
}

static void assert_answered(const struct served *served, const struct name *name, uint16_t type)
{
    static uint8_t message[MESSAGE_OCTETS];
    struct query query = query_of(name, type, CLASS_IN, 1232);
    struct expected want = expect(&served->sources[0], name, type);
    struct decoded have = decoded_of(message, ask(served, &query, TRANSPORT_TCP, message));

    bool right = have.rcode == want.rcode && have.authoritative == want.authoritative &&
                 !have.truncated && lines_equal(&have.answer, &want.answer) &&
                 lines_equal(&have.authority, &want.authority) &&
                 lines_equal(&have.additional, &want.additional);
    if (!right) {
        char text[NAME_TEXT_OCTETS];
        name_to_text(name->octets, text);
        print_error("%s type %u: rcode %u, expected %u; aa %d, expected %d\n", text, type,
                    have.rcode, want.rcode, have.authoritative, want.authoritative);
        lines_print("answer", &have.answer);
        lines_print("expected", &want.answer);
        lines_print("authority", &have.authority);
        lines_print("expected", &want.authority);
        lines_print("additional", &have.additional);
        lines_print("expected", &want.additional);
        fail();
    }
    decoded_free(&have);
    expected_free(&want);
}

/* Letters in the other case here and there, as clients send them. */
static void shuffle_case(struct name *name)
{
    for (size_t at = 0; name->octets[at] != 0; at += name->octets[at] + 1u)
        for (size_t i = at + 1; i <= at + name->octets[at]; i++)
            if (isalpha(name->octets[i]) && random() % 3 == 0)
                name->octets[i] ^= 0x20;
}

static void assert_types_answered(const struct served *served, struct name name, size_t count)
{
    static const uint16_t types[] = {TYPE_A,   TYPE_DS,  TYPE_CNAME, TYPE_TXT, TYPE_MX,  TYPE_NS,
                                     TYPE_SOA, TYPE_SRV, TYPE_URI,   65280,    TYPE_AAAA};
    shuffle_case(&name);
    for (size_t i = 0; i < count && i < sizeof types / sizeof *types; i++)
        assert_answered(served, &name, types[i]);
}

/* A name with all types, and with some of them one below it and its parent, which may be an empty
 * non-terminal. */
static void assert_around_answered(const struct served *served, const struct name *name)
{
    struct name other;

    assert_types_answered(served, *name, SIZE_MAX);
    if (name_prepend(&other, (const uint8_t *)"x", 1, name->octets) == STATUS_OK)
        assert_types_answered(served, other, 5);
    if (name_equals(name->octets, served->sources[0].apex.octets))
        return;
    name_set(&other, name_parent(name->octets, 1));
    assert_types_answered(served, other, 3);
}

static void assert_every_name_answered(const struct served *served)
{
    const struct node_source *source = &served->sources[0];
    struct node node;

    assert_int_equal(source->rewind(source->state), STATUS_OK);
    while (source->next(source->state, &node) == STATUS_OK) {
        struct name owner = node.owner;
        assert_around_answered(served, &owner);
    }
}

static void every_name_and_type_is_answered_as_a_plain_reading_of_the_rfcs(void **state)
{
    struct served served;

    srandom(4);
    served_start(&served);
    served_restore_file(&served, *state);
    served_show(&served);
    assert_every_name_answered(&served);
    served_destroy(&served);
}

static void the_same_holds_for_a_root_zone(void **state)
{
    struct served served;

    (void)state;
    served_create(&served, "$TTL 3600\n"
                           ". SOA ns. h. 7 3600 900 604800 300\n. NS ns.\nns. A 192.0.2.1\n"
                           "xa. NS ns.xa.\nns.xa. A 192.0.2.2\nxb. NS ns.xa.\nxb. DS 1 13 2 00\n"
                           "a.b. TXT x\n*.w. CNAME a.b.\nalias. CNAME x.w.\nroot. CNAME .\n");
    assert_every_name_answered(&served);
    served_destroy(&served);
}

/* Random small zones of few labels, so that everything meets everything. */
static void add_random_record(FILE *out)
{
    static const char *const labels[] = {"a", "b", "*", "x"};
    static const char *const rdata[] = {"A 192.0.2.7", "TXT t", "MX 1 a", "SRV 0 0 1 b.a"};
    char owner[32] = "";
    char target[32] = "";

    for (long depth = 1 + random() % 3; depth > 0; depth--)
        snprintf(owner + strlen(owner), sizeof owner - strlen(owner), "%s%s", owner[0] ? "." : "",
                 labels[random() % 4]);
    for (long depth = 1 + random() % 3; depth > 0; depth--)
        snprintf(target + strlen(target), sizeof target - strlen(target), "%s%s",
                 target[0] ? "." : "", labels[random() % 4]);
    long kind = random() % 8;
    if (kind < 3)
        fprintf(out, "%s CNAME %s\n", owner, target);
    else if (kind == 3 && owner[0] != '*')
        fprintf(out, "%s NS %s\n", owner, target);
    else
        fprintf(out, "%s %s\n", owner, rdata[random() % 4]);
}

/* True when the reader of zone files accepts the text. */
static bool is_zone(const char *text)
{
    char path[] = "/tmp/contactd-zone-XXXXXX";
    int fd = mkstemp(path);
    struct zonefile *zonefile = zonefile_create("/tmp", ZONEFILE_HELD_OCTETS);
    struct diag *diag = diag_create();
    struct node_source source;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    bool accepted = zonefile_read(path, NULL, zonefile, diag, &source) == STATUS_OK;
    unlink(path);
    diag_destroy(diag);
    zonefile_destroy(zonefile);
    return accepted;
}

static void the_same_holds_for_random_zones(void **state)
{
    (void)state;
    srandom(5);
    for (int zones = 0; zones < 25;) {
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        assert_non_null(out);
        fputs(HEAD, out);
        for (long records = 1 + random() % 9; records > 0; records--)
            add_random_record(out);
        assert_int_equal(fclose(out), 0);
        if (is_zone(text)) {
            struct served served;
            served_create(&served, text);
            assert_every_name_answered(&served);
            served_destroy(&served);
            zones++;
        }
        free(text);
    }
}

/* One node of a zone, compiled. */
struct compiled {
    struct served served; /* its database is not used */
    struct compile compile;
    struct key key;
    uint8_t *octets;
    enum status status;
    struct stored stored;
};

/* Compiles the zone up to a name. */
static void compile_name(struct compiled *out, const char *text, const char *owner)
{
    struct name name = name_of(owner);
    struct writer value;
    struct node node;
    char file[128];

    served_start(&out->served);
    struct node_source *source = &out->served.sources[0];
    snprintf(file, sizeof file, "%s/zone", out->served.temporary.folder);
    FILE *zone = fopen(file, "w");
    assert_non_null(zone);
    fputs(text, zone);
    fclose(zone);
    assert_int_equal(served_read(&out->served, 0, file), STATUS_OK);
    unlink(file);
    out->octets = malloc(COMPILE_VALUE_OCTETS);
    assert_non_null(out->octets);
    assert_int_equal(compile_open(&out->compile, source, 0), STATUS_OK);
    do {
        assert_int_equal(source->next(source->state, &node), STATUS_OK);
        value = writer_of(out->octets, COMPILE_VALUE_OCTETS);
        out->status = compile_node(&out->compile, &node, &out->key, &value);
    } while (!name_equals(node.owner.octets, name.octets));
    if (out->status == STATUS_OK)
        assert_int_equal(stored_open(out->key.octets, out->key.length, out->octets,
                                     writer_length(&value), &out->stored),
                         STATUS_OK);
}

static void compiled_free(struct compiled *compiled)
{
    compile_close(&compiled->compile);
    free(compiled->octets);
    served_destroy(&compiled->served);
}

static enum status compile_status(const char *text, const char *owner)
{
    struct compiled compiled;
    compile_name(&compiled, text, owner);
    enum status status = compiled.status;
    compiled_free(&compiled);
    return status;
}

/* Every owner but the question's name stands in full. */
static void assert_position_independent(const char *text, const char *owner)
{
    struct compiled compiled;
    struct stored_answer answer;
    size_t records = 0;

    compile_name(&compiled, text, owner);
    for (size_t n = 0; n < compiled.stored.answer_count; n++) {
        assert_int_equal(stored_answer_at(&compiled.stored, n, &answer), STATUS_OK);
        for (size_t part = 0; part < STORED_PARTS; part++) {
            struct reader r = reader_of(answer.part[part], answer.octets[part]);
            const uint8_t *at = r.next;
            size_t octets;
            for (; stored_take_record(&r, &octets); at = r.next, records++)
                assert_true(at[0] < 0xc0 || (at[0] == 0xc0 && at[1] == DNS_HEADER_OCTETS));
        }
    }
    assert_true(records > 0);
    compiled_free(&compiled);
}

static void bodies_for_questions_of_unknown_length_point_to_octet_12_only(void **state)
{
    static const char text[] = HEAD "*.w CNAME c\nc CNAME d\nd TXT x\nd MX 1 ns1\n"
                                    "*.m MX 1 ns1\n*.o CNAME x.w\n"
                                    "cut NS ns.cut\nns.cut A 192.0.2.2\n";
    (void)state;
    assert_position_independent(text, "*.w.example");
    assert_position_independent(text, "*.m.example");
    assert_position_independent(text, "*.o.example");
    assert_position_independent(text, "cut.example");
}

/* The TTL of the first record in a part of an answer. */
static uint32_t first_ttl(const struct stored_answer *answer, enum stored_part part)
{
    struct reader r = reader_of(answer->part[part], answer->octets[part]);
    size_t octets;
    const uint8_t *rest = stored_take_record(&r, &octets);
    assert_non_null(rest);
    struct reader ttl = reader_of(rest + 4, 4);
    return reader_u32(&ttl);
}

#define RRSIG(owner, ttl, type)                                                                    \
    owner " " ttl " RRSIG " type " 13 2 " ttl " 20300101000000 20200101000000 1 example. AAAA\n"

/* RFC 4034 §3: "The TTL value of an RRSIG RR MUST match the TTL value of the RRset it covers". */
static void a_signature_has_the_ttl_of_what_it_covers(void **state)
{
    struct compiled compiled;
    struct stored_answer answer;

    (void)state;
    compile_name(&compiled,
                 HEAD
                 "xa 900 TXT x\nxa 3600 A 192.0.2.1\nxa 300 NSEC example. A TXT RRSIG NSEC\n" RRSIG(
                     "xa", "900", "TXT") RRSIG("xa", "3600", "A") RRSIG("xa", "300", "NSEC"),
                 "xa.example");
    assert_int_equal(compiled.status, STATUS_OK);
    assert_int_equal(stored_find(&compiled.stored, TYPE_TXT, &answer), STATUS_OK);
    assert_int_equal(answer.records[PART_ANSWER_SIGNATURES], 1);
    assert_int_equal(first_ttl(&answer, PART_ANSWER_SIGNATURES), 900);
    assert_int_equal(stored_find(&compiled.stored, TYPE_A, &answer), STATUS_OK);
    assert_int_equal(first_ttl(&answer, PART_ANSWER_SIGNATURES), 3600);
    assert_int_equal(compiled.stored.proof_records, 2);
    compiled_free(&compiled);
}

#define SIGNED                                                                                     \
    HEAD RRSIG("@", "3600", "SOA") RRSIG("ns1", "3600", "A") RRSIG("c", "3600", "CNAME")           \
        RRSIG("d", "60", "CNAME") RRSIG("*.w", "3600", "CNAME") RRSIG("xa", "3600", "TXT") RRSIG(  \
            "m", "3600",                                                                           \
            "MX") "c CNAME d\nd 60 CNAME xa\n*.w CNAME xa\nxa TXT x\nm MX 1 ns1\nm MX 1 g.cut\n"   \
                  "throughwild CNAME y.w\nnowhere CNAME none\ncut NS g.cut\ng.cut A 192.0.2.2\n"   \
                  "sec NS ns1\nsec DS 1 13 2 00\ntocut CNAME cut\ntosec CNAME sec\nout CNAME "     \
                  "a.b.\n"

/* RFC 4035 §3.1.1: beside each RRset of the answer, with its TTL. */
static void every_cname_of_a_chain_has_its_signature(void **state)
{
    struct compiled compiled;
    struct stored_answer answer;

    (void)state;
    compile_name(&compiled, SIGNED, "c.example");
    assert_int_equal(stored_find(&compiled.stored, TYPE_TXT, &answer), STATUS_OK);
    assert_int_equal(answer.records[PART_ANSWER], 3);
    assert_int_equal(answer.records[PART_ANSWER_SIGNATURES], 3);
    struct reader r =
        reader_of(answer.part[PART_ANSWER_SIGNATURES], answer.octets[PART_ANSWER_SIGNATURES]);
    static const struct {
        uint16_t covered;
        uint32_t ttl;
    } want[] = {{TYPE_CNAME, 3600}, {TYPE_CNAME, 60}, {TYPE_TXT, 3600}};
    for (size_t i = 0; i < 3; i++) {
        size_t octets;
        const uint8_t *rest = stored_take_record(&r, &octets);
        assert_non_null(rest);
        struct reader record = reader_of(rest + 4, octets - 4);
        assert_int_equal(reader_u32(&record), want[i].ttl);
        reader_u16(&record);
        assert_int_equal(reader_u16(&record), want[i].covered);
    }
    compiled_free(&compiled);
}

/* RFC 4035 §3.1.1, for authoritative addresses; glue has no signatures (§2.2). */
static void addresses_bring_their_signatures(void **state)
{
    struct compiled compiled;
    struct stored_answer answer;

    (void)state;
    compile_name(&compiled, SIGNED, "m.example");
    assert_int_equal(stored_find(&compiled.stored, TYPE_MX, &answer), STATUS_OK);
    assert_int_equal(answer.records[PART_ADDITIONAL], 2);
    assert_int_equal(answer.records[PART_ADDITIONAL_SIGNATURES], 1);
    assert_int_equal(first_ttl(&answer, PART_ADDITIONAL), 3600);
    compiled_free(&compiled);
}

/* What a chain leads to is looked up for a question only where something of it is to be proved. */
static void targets_are_proved_where_there_is_something_to_prove(void **state)
{
    static const struct {
        const char *alias;
        uint16_t type;
        bool proved;
    } cases[] = {
        {"c.example", TYPE_TXT, false},          {"c.example", TYPE_A, true},
        {"throughwild.example", TYPE_TXT, true}, {"nowhere.example", TYPE_A, true},
        {"*.w.example", TYPE_TXT, false},        {"tocut.example", TYPE_A, true},
        {"tocut.example", TYPE_DS, true},        {"tosec.example", TYPE_A, false},
        {"tosec.example", TYPE_DS, false},       {"out.example", TYPE_A, false},
        {"out.example", TYPE_CNAME, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct compiled compiled;
        struct stored_answer answer;
        compile_name(&compiled, SIGNED, cases[i].alias);
        assert_int_equal(stored_find(&compiled.stored, cases[i].type, &answer), STATUS_OK);
        assert_int_equal((answer.flags & STORED_PROVE_TARGETS) != 0, cases[i].proved);
        compiled_free(&compiled);
    }
}

/* RFC 2308 §3, RFC 4034 §3: of a denial's SOA, with the smaller TTL that it has there. */
static void the_negative_soa_has_its_signatures_with_its_ttl(void **state)
{
    uint8_t octets[512];
    struct writer w = writer_of(octets, sizeof octets);
    struct name apex = name_of("example");
    struct compiled compiled;
    struct node node;
    size_t rest_octets;

    (void)state;
    compile_name(&compiled, SIGNED, "example");
    const struct node_source *source = &compiled.served.sources[0];
    assert_int_equal(source->find(source->state, apex.octets, &node), STATUS_OK);
    assert_int_equal(compile_negative_signatures(&w, &node), 1);
    struct reader r = reader_of(octets, writer_length(&w));
    const uint8_t *rest = stored_take_record(&r, &rest_octets);
    assert_non_null(rest);
    struct reader ttl = reader_of(rest + 4, 4);
    assert_int_equal(reader_u32(&ttl), 300);
    w = writer_of(octets, 8);
    assert_int_equal(compile_negative_signatures(&w, &node), 1);
    assert_true(w.failed);
    compiled_free(&compiled);
}

/* Text made of `count` lines; the format takes the number. To be freed. */
static char *many(const char *head, size_t count, void (*line)(FILE *out, size_t i))
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    fputs(head, out);
    for (size_t i = 0; i < count; i++)
        line(out, i);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void address_line(FILE *out, size_t i)
{
    fprintf(out, "big A 10.0.%zu.%zu\n", i / 256, i % 256);
}

/* Sixteen octets each, and 1024 kept free for header, question and OPT. */
static void an_answer_may_be_as_long_as_a_message_allows(void **state)
{
    static uint8_t message[MESSAGE_OCTETS];
    const size_t most = (DNS_MESSAGE_OCTETS - 1024) / 16;
    struct served served;
    (void)state;

    char *text = many(HEAD, most, address_line);
    served_create(&served, text);
    struct query query = make_query("big.example", TYPE_A, CLASS_IN, 1232);
    struct decoded have = decoded_of(message, ask(&served, &query, TRANSPORT_TCP, message));
    assert_false(have.truncated);
    assert_int_equal(have.answer.count, most);
    decoded_free(&have);
    served_destroy(&served);
    free(text);
    text = many(HEAD, most + 1, address_line);
    assert_int_equal(compile_status(text, "big.example"), STATUS_NO_SPACE);
    free(text);
}

static void mx_line(FILE *out, size_t i)
{
    fprintf(out, "big MX 1 h%zu\nh%zu A 10.0.%zu.%zu\n", i, i, i / 256, i % 256);
}

static void ns_line(FILE *out, size_t i)
{
    fprintf(out, "cut NS n%zu.cut\nn%zu.cut A 10.0.%zu.%zu\n", i, i, i / 256, i % 256);
}

/* Addresses that would not fit are left out; without them the answer is whole. */
static void additional_records_never_make_an_answer_too_long(void **state)
{
    static uint8_t message[MESSAGE_OCTETS];
    struct served served;
    (void)state;

    char *text = many(HEAD, 2000, mx_line);
    served_create(&served, text);
    struct query query = make_query("big.example", TYPE_MX, CLASS_IN, 1232);
    struct decoded have = decoded_of(message, ask(&served, &query, TRANSPORT_TCP, message));
    assert_false(have.truncated);
    assert_int_equal(have.answer.count, 2000);
    assert_in_range(have.additional.count, 100, 1999);
    decoded_free(&have);
    served_destroy(&served);
    free(text);
}

/* RFC 9471 §3.1, however many they are. */
static void a_referral_has_the_glue_of_all_name_servers(void **state)
{
    static uint8_t message[MESSAGE_OCTETS];
    struct served served;
    (void)state;

    char *text = many(HEAD, 200, ns_line);
    served_create(&served, text);
    struct query query = make_query("www.cut.example", TYPE_A, CLASS_IN, 1232);
    struct decoded have = decoded_of(message, ask(&served, &query, TRANSPORT_TCP, message));
    assert_false(have.truncated);
    assert_int_equal(have.authority.count, 200);
    assert_int_equal(have.additional.count, 200);
    decoded_free(&have);
    served_destroy(&served);
    free(text);
}

static void type_line(FILE *out, size_t i)
{
    fprintf(out, "big TYPE%zu \\# 1 00\n", 1000 + i);
}

static void signature_line(FILE *out, size_t i)
{
    fprintf(out, "big 3600 RRSIG NSEC 13 2 3600 20300101000000 20200101000000 %zu example. AAAA\n",
            i);
}

static void what_the_format_cannot_hold_is_refused(void **state)
{
    (void)state;
    char *text = many(HEAD, STORED_MAX_ANSWERS, type_line);
    assert_int_equal(compile_status(text, "big.example"), STATUS_OK);
    free(text);
    text = many(HEAD, STORED_MAX_ANSWERS + 1, type_line);
    assert_int_equal(compile_status(text, "big.example"), STATUS_NO_SPACE);
    free(text);
    text = many(HEAD "alias CNAME big\n", STORED_MAX_ANSWERS - 1, type_line);
    assert_int_equal(compile_status(text, "alias.example"), STATUS_NO_SPACE);
    free(text);
    text = many(HEAD "big NSEC example. NSEC RRSIG\n", UINT8_MAX - 1, signature_line);
    assert_int_equal(compile_status(text, "big.example"), STATUS_OK);
    free(text);
    text = many(HEAD "big NSEC example. NSEC RRSIG\n", UINT8_MAX, signature_line);
    assert_int_equal(compile_status(text, "big.example"), STATUS_NO_SPACE);
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_name_and_type_is_answered_as_a_plain_reading_of_the_rfcs,
                                  argv[1]),
        cmocka_unit_test(the_same_holds_for_a_root_zone),
        cmocka_unit_test(the_same_holds_for_random_zones),
        cmocka_unit_test(bodies_for_questions_of_unknown_length_point_to_octet_12_only),
        cmocka_unit_test(a_signature_has_the_ttl_of_what_it_covers),
        cmocka_unit_test(every_cname_of_a_chain_has_its_signature),
        cmocka_unit_test(addresses_bring_their_signatures),
        cmocka_unit_test(targets_are_proved_where_there_is_something_to_prove),
        cmocka_unit_test(the_negative_soa_has_its_signatures_with_its_ttl),
        cmocka_unit_test(an_answer_may_be_as_long_as_a_message_allows),
        cmocka_unit_test(additional_records_never_make_an_answer_too_long),
        cmocka_unit_test(a_referral_has_the_glue_of_all_name_servers),
        cmocka_unit_test(what_the_format_cannot_hold_is_refused),
    };
    if (argc != 2)
        return 64;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
