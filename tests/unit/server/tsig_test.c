/*
 * TSIG (RFC 8945) as octets: MACs that another implementation made (dnspython), ldns as the judge
 * of ours, and what must never be accepted.
 */
#include "tests/unit/guard.h"
#include "tests/unit/server/signed.h"

#include "server/request.h"

#include <ldns/ldns.h>

static struct ring ring;

static int setup(void **state)
{
    (void)state;
    ring_create(&ring);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ring_destroy(&ring);
    return 0;
}

static const struct tsig_key *key_at(size_t n)
{
    const struct tsig_key *key = tsig_keys_find(ring.keys, ring.configs[n].name.octets);
    assert_non_null(key);
    assert_ptr_equal(key->config, &ring.configs[n]);
    return key;
}

static void assert_hex(const uint8_t *octets, size_t length, const char *expected)
{
    char text[2 * HMAC_MAX_OCTETS + 1] = "";
    for (size_t i = 0; i < length; i++)
        snprintf(text + 2 * i, 3, "%02x", octets[i]);
    assert_string_equal(text, expected);
}

/* RFC 4231 §4.2, RFC 2202 §3: test case 1. */
static void macs_are_those_of_the_rfcs(void **state)
{
    static const struct {
        enum tsig_algorithm algorithm;
        const char *mac;
    } cases[] = {
        {TSIG_HMAC_SHA256, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {TSIG_HMAC_SHA384, "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
                           "faea9ea9076ede7f4af152e8b2fa9cb6"},
        {TSIG_HMAC_SHA512, "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
                           "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
        {TSIG_HMAC_SHA1, "b617318655057264e28bc0b6fb378c8ef146be00"},
    };
    struct secret secret = {.length = 20};
    (void)state;
    memset(secret.octets, 0x0b, 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hmac *hmac = NULL;
        struct hmac *copy = NULL;
        uint8_t mac[HMAC_MAX_OCTETS];
        assert_int_equal(hmac_create(cases[i].algorithm, &secret, &hmac), STATUS_OK);
        assert_int_equal(hmac_copy(hmac, &copy), STATUS_OK);
        for (int round = 0; round < 3; round++) {
            struct hmac *used = round < 2 ? hmac : copy;
            hmac_start(used);
            hmac_add(used, "Hi ", 3);
            hmac_add(used, "There", 5);
            assert_true(hmac_finish(used, mac));
            assert_hex(mac, tsig_algorithm_octets(cases[i].algorithm), cases[i].mac);
        }
        hmac_destroy(hmac);
        hmac_destroy(copy);
    }
}

/*
 * An AXFR request and three empty messages in answer, all at 1780000000, as dnspython 2 signs them
 * with a key xfr.example of each algorithm, its secret 1, 2, 3 …
 */
static const struct {
    const char *request;
    const char *answers[3];
} vectors[RING_KEYS] = {
    {"23b6417dfda8019353cb6741eabe751539a63d04fb4532d81cb661388be8e9d8",
     {"25764e5b573ebc7817282d269de96e3a91ba7fd5cb3dbb95bb44d47dd705746a",
      "e062006c1dc605c707b5d2b09c012f30372a7d2815d5bbcd17a58d5e8fd644b4",
      "6e45cd12683a2d40bacfdd4ae2146dab4d4fbba5c3750b000063b1c306329c2b"}},
    {"a9c7d70831042db53223dfd4e24b3de0a02986e4b32452ce46775a4ac2527b0e"
     "7a20e378a36b579948e8194ff996bd5d",
     {"c10499adc4912c69e8578a2e0d7f8e007ecc866d3cf32202550a4a16c564299c"
      "13e406842d92872057b5040ff6689142",
      "8382d2d62f555340db950f445126bc987468efa97bf2d39a308a74f0aac49165"
      "acfcb3e70daacec3f3234d2148f614d7",
      "4b31c140e78211c2625ca647796634da026dc8d37264d229b5268dca59119325"
      "92dad0f8ef85db2a469d426e5e4c48a6"}},
    {"d7750824a46e81b34535f280d8832b8245451fd411d54edf9003ec94e8f0abe4"
     "42ec47d6817a9be1179ec43d05d999c2559c222a23c02f2d3d0aa2377ccec82f",
     {"b959009ff1680062836fedeb3f1b197ab2268c86c11556fb1fc6ed6aca6a28cc"
      "cee1e98f921ef0bb3c5c4128ed548dac614f74d4f5a10f51daee6a41fed403c5",
      "7f38cb99a7fa391e19e008afaf8167efa6ba3a0ffe3697f12e7fa4cd078bef68"
      "8f598126d9892226a0320fa73f7223b5a11f5c354125022dfa46a00958b04f51",
      "3db6a37c9807b32078829925f8d4362f972d4c68ec79f3d2e5a8364969efe9e1"
      "0429b3a6978f13e6140ade2013d19e7090d1bd6ec23a1e97bd4a86434467dc71"}},
    {"e5224c7f615129088ad134afe96dfb7d4c01cf9a",
     {"c21119406e15c4c28608c91aaa2f9e9ed5f36e82", "4f8814d8d9b4d70dfa477c94329e2b9693c739e3",
      "55bdc07d319933a48442cc25dc263a99677cd039"}},
};

/* The header and the question that dnspython signed. */
static size_t bare_message(uint8_t *message, uint16_t flags)
{
    struct writer w = writer_of(message, 512);
    struct header header = {.id = 0x1234, .flags = flags, .qdcount = 1};
    header_write(&w, &header);
    writer_octets(&w, (const uint8_t *)"\7Example", 9);
    writer_u16(&w, TYPE_AXFR);
    writer_u16(&w, CLASS_IN);
    return writer_length(&w);
}

static void messages_are_signed_as_dnspython_signs_them(void **state)
{
    (void)state;
    for (size_t n = 0; n < RING_KEYS; n++) {
        uint8_t message[1024];
        struct tsig_session session;
        struct tsig_key key = *key_at(n);
        size_t octets = tsig_algorithm_octets(key.algorithm);
        key.name = forged_name("xfr.example");
        size_t length = bare_message(message, HEADER_RD);
        assert_true(tsig_sign_request(&key, message, &length, served_clock(), &session));
        assert_hex(session.mac, octets, vectors[n].request);
        session.continues = false; /* as who answers */
        for (size_t i = 0; i < 3; i++) {
            length = bare_message(message, HEADER_QR | HEADER_RD);
            size_t expected = length + tsig_octets(&session);
            assert_true(tsig_append(&session, message, &length, served_clock()));
            assert_int_equal(length, expected);
            assert_hex(session.mac, octets, vectors[n].answers[i]);
        }
    }
}

/* What a server makes of octets: STATUS_NOT_FOUND where it sees no TSIG. */
static enum status verify(const uint8_t *octets, size_t length, int64_t now,
                          struct tsig_session *session)
{
    static struct request request;

    request_parse(octets, length, &request);
    if (request.verdict == REQUEST_DROP || !request.has_tsig)
        return STATUS_NOT_FOUND;
    return tsig_verify(ring.keys, octets, &request.tsig, now, session);
}

static enum status verify_forged(const struct forged *forged, const struct query *query,
                                 struct tsig_session *session)
{
    struct query copy = *query;
    forge(&copy, forged);
    return verify(copy.octets, copy.length, served_clock(), session);
}

static void every_algorithm_is_verified(void **state)
{
    struct tsig_session session;
    (void)state;
    for (size_t n = 0; n < RING_KEYS; n++) {
        struct query query = signed_query("xa.example", TYPE_TXT, 1232, n);
        assert_int_equal(verify(query.octets, query.length, served_clock(), &session), STATUS_OK);
        assert_ptr_equal(session.key->config, &ring.configs[n]);
        assert_int_equal(session.error, TSIG_NO_ERROR);
    }
}

static void no_prefix_of_a_signed_message_is_accepted(void **state)
{
    uint8_t *guard = guard_create();
    struct tsig_session session;
    (void)state;
    assert_non_null(guard);
    for (size_t n = 0; n < RING_KEYS; n++) {
        struct query query = signed_query("xa.example", TYPE_TXT, 1232, n);
        for (size_t length = 0; length < query.length; length++)
            assert_int_equal(
                verify(guard_put(guard, query.octets, length), length, served_clock(), &session),
                STATUS_NOT_FOUND);
    }
}

/* RFC 8945 §4.3.3: names are digested in lower case. */
static bool is_case(uint8_t octet, size_t at, size_t owner_at, size_t n, int bit)
{
    size_t owner = forged_name(ring_keys[n].id).length;
    size_t algorithm_at = owner_at + owner + 10;
    size_t algorithm = forged_name(tsig_algorithm_name(ring_keys[n].algorithm)).length;
    bool in_name = (at >= owner_at && at < owner_at + owner) ||
                   (at >= algorithm_at && at < algorithm_at + algorithm);
    uint8_t letter = octet | 0x20;
    return bit == 5 && in_name && letter >= 'a' && letter <= 'z';
}

static void no_changed_bit_of_a_signed_message_is_accepted(void **state)
{
    uint8_t *guard = guard_create();
    struct tsig_session session;
    (void)state;
    assert_non_null(guard);
    for (size_t n = 0; n < RING_KEYS; n++) {
        struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
        size_t tsig_at = query.length;
        query = signed_query("xa.example", TYPE_TXT, 1232, n);
        for (size_t at = 2; at < query.length; at++) { /* the ID may change: §4.3.2 */
            for (int bit = 0; bit < 8; bit++) {
                uint8_t right = query.octets[at];
                query.octets[at] ^= (uint8_t)(1 << bit);
                enum status status = verify(guard_put(guard, query.octets, query.length),
                                            query.length, served_clock(), &session);
                query.octets[at] = right;
                if (is_case(right, at, tsig_at, n, bit))
                    assert_int_equal(status, STATUS_OK);
                else
                    assert_int_not_equal(status, STATUS_OK);
                if (status == STATUS_DENIED && session.error != TSIG_BADTIME)
                    assert_null(session.key); /* §5.3.2: nothing is signed for who is not known */
            }
        }
    }
}

/* §4.3.2: whoever forwards a message may give it another ID. */
static void the_original_id_counts(void **state)
{
    struct query query = signed_query("xa.example", TYPE_TXT, -1, 0);
    struct tsig_session session;
    (void)state;
    query.octets[0] ^= 0xff;
    assert_int_equal(verify(query.octets, query.length, served_clock(), &session), STATUS_OK);
    assert_int_equal(session.original_id, 0x1234);
}

static void each_field_that_is_wrong_has_its_outcome(void **state)
{
    const struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    struct tsig_session session;
    (void)state;

    struct forged forged = forged_of(0, query.octets);
    forged.owner = forged_name("yfr.example");
    assert_int_equal(verify_forged(&forged, &query, &session), STATUS_DENIED);
    assert_int_equal(session.error, TSIG_BADKEY);

    static const char *const algorithms[] = {"hmac-sha512", "hmac-md5.sig-alg.reg.int", ".",
                                             "hmac-sha256-128", "gss-tsig"};
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        forged = forged_of(0, query.octets);
        forged.algorithm = forged_name(algorithms[i]);
        forged.mac_octets = 0; /* of whatever length: the key comes first */
        assert_int_equal(verify_forged(&forged, &query, &session), STATUS_DENIED);
        assert_int_equal(session.error, TSIG_BADKEY);
        assert_null(session.key);
    }
    forged = forged_of(0, query.octets);
    forged.spoilt = true;
    forged.time = 0; /* the MAC comes before the time: CVE-2017-11104 is its lack */
    assert_int_equal(verify_forged(&forged, &query, &session), STATUS_DENIED);
    assert_int_equal(session.error, TSIG_BADSIG);
    assert_null(session.key);

    forged = forged_of(0, query.octets);
    forged.class = CLASS_IN;
    assert_int_equal(verify_forged(&forged, &query, &session), STATUS_NOT_FOUND);
    forged = forged_of(0, query.octets);
    forged.ttl = 1;
    assert_int_equal(verify_forged(&forged, &query, &session), STATUS_NOT_FOUND);

    forged = forged_of(0, query.octets);
    forged.other_octets = 200; /* no meaning in requests (§4.2), and digested */
    assert_int_equal(verify_forged(&forged, &query, &session), STATUS_OK);
    forged = forged_of(0, query.octets);
    forged.owner = forged_name("XFR.Example");
    forged.algorithm = forged_name("HMAC-SHA256");
    assert_int_equal(verify_forged(&forged, &query, &session), STATUS_OK);
}

/* §5.2.3 */
static void time_counts_to_the_second(void **state)
{
    static const struct {
        uint64_t time;
        uint16_t fudge;
        int64_t now;
        bool timely;
    } cases[] = {
        {1000, 300, 1300, true},
        {1000, 300, 1301, false},
        {1000, 300, 700, true},
        {1000, 300, 699, false},
        {1000, 0, 1000, true},
        {1000, 0, 1001, false},
        {1000, 0, 999, false},
        {1000, 65535, 66535, true},
        {1000, 65535, 66536, false},
        {100, 300, 0, true},
        {100, 300, -200, true},
        {100, 300, -201, false},
        {0xffffffff, 1, 0x100000000, true},
        {0x100000000, 0, 0x100000000, true},
        {0xffffffffffff, 300, 0xffffffffffff, true},
        {0xffffffffffff, 300, 0x10000000000ff, true},
        {0xffffffffffff, 65535, 1780000000, false}, /* never wrapped around */
        {0xffffffffffff, 300, 0, false},
        {0, 300, 0xffffffffffff, false},
        {1780000000, 300, 1780000000 + (INT64_C(1) << 48), false},
    };
    const struct query plain = make_query("xa.example", TYPE_TXT, CLASS_IN, -1);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct query query = plain;
        struct forged forged = forged_of(1, query.octets);
        struct tsig_session session;
        forged.time = cases[i].time;
        forged.fudge = cases[i].fudge;
        forge(&query, &forged);
        enum status status = verify(query.octets, query.length, cases[i].now, &session);
        assert_int_equal(status, cases[i].timely ? STATUS_OK : STATUS_DENIED);
        assert_int_equal(session.error, cases[i].timely ? TSIG_NO_ERROR : TSIG_BADTIME);
        assert_non_null(session.key);
    }
}

/* §5.2.2.1, §5.2.4: FORMERR for lengths that must not be, BADTRUNC for those that may, but that no
 * one agreed to. Time comes before truncation. */
static void a_mac_has_its_length(void **state)
{
    const struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, -1);
    (void)state;
    for (size_t n = 0; n < RING_KEYS; n++) {
        size_t whole = tsig_algorithm_octets(ring_keys[n].algorithm);
        size_t least = whole / 2 < 10 ? 10 : whole / 2;
        for (size_t octets = 0; octets <= 80; octets++) {
            struct tsig_session session;
            struct forged forged = forged_of(n, query.octets);
            forged.mac_octets = octets;
            enum status status = verify_forged(&forged, &query, &session);
            if (octets < least || octets > whole) {
                assert_int_equal(status, STATUS_MALFORMED);
                continue;
            }
            assert_int_equal(status, octets == whole ? STATUS_OK : STATUS_DENIED);
            assert_int_equal(session.error, octets == whole ? TSIG_NO_ERROR : TSIG_BADTRUNC);
            assert_non_null(session.key);
            assert_int_equal(session.mac_octets, octets);
            forged.spoilt = true;
            assert_int_equal(verify_forged(&forged, &query, &session), STATUS_DENIED);
            assert_int_equal(session.error, TSIG_BADSIG);
            forged.spoilt = false;
            forged.time -= 301;
            assert_int_equal(verify_forged(&forged, &query, &session), STATUS_DENIED);
            assert_int_equal(session.error, TSIG_BADTIME);
        }
    }
}

static void without_keys_every_key_is_unknown(void **state)
{
    struct query query = signed_query("xa.example", TYPE_TXT, -1, 0);
    static struct request request;
    struct tsig_session session;
    (void)state;
    request_parse(query.octets, query.length, &request);
    assert_int_equal(tsig_verify(NULL, query.octets, &request.tsig, served_clock(), &session),
                     STATUS_DENIED);
    assert_int_equal(session.error, TSIG_BADKEY);
}

static void the_keys_of_a_keyring_are_found_by_name_alone(void **state)
{
    static const char *const others[] = {".",  "a",           "example", "b.xfr.example",
                                         "zz", "k384.example"};
    struct name name;
    (void)state;
    for (size_t n = 0; n < RING_KEYS; n++) {
        name = ring.configs[n].name;
        for (size_t i = 0; i < name.length; i++)
            if (name.octets[i] >= 'a' && name.octets[i] <= 'z')
                name.octets[i] -= 'a' - 'A';
        assert_ptr_equal(tsig_keys_find(ring.keys, name.octets), key_at(n));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        name = forged_name(others[i]);
        assert_null(tsig_keys_find(ring.keys, name.octets));
    }
}

static void a_keyring_names_every_file_that_it_cannot_use(void **state)
{
    struct config config = ring.config;
    struct config_key keys[RING_KEYS];
    struct diag *diag = diag_create();
    struct keyring *keyring = NULL;
    (void)state;
    memcpy(keys, ring.configs, sizeof keys);
    keys[1].secret_file = "/nowhere/one.key";
    keys[3].secret_file = "/nowhere/three.key";
    config.keys = keys;
    assert_int_equal(keyring_create(&config, diag, &keyring), STATUS_INVALID);
    assert_int_equal(diag_count(diag, SEVERITY_ERROR), 2);
    assert_string_equal(diag_at(diag, 0)->place.file, "/nowhere/one.key");
    assert_string_equal(diag_at(diag, 1)->place.file, "/nowhere/three.key");
    diag_destroy(diag);
}

static char *secret_text(size_t n)
{
    static char text[SECRET_TEXT_OCTETS];
    for (size_t i = 0; i < keyring_count(ring.keyring); i++)
        if (keyring_at(ring.keyring, i)->config == &ring.configs[n])
            secret_to_text(&keyring_at(ring.keyring, i)->secret, text);
    return text;
}

/* ldns has no hmac-sha384 that works, and looks neither at times nor at names. */
static void ldns_verifies_a_stream_of_ours(void **state)
{
    static const size_t known[] = {0, 2, 3};
    (void)state;
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        size_t n = known[k];
        uint8_t message[1024];
        struct tsig_session session;
        ldns_rdf *mac = NULL;
        size_t length = bare_message(message, HEADER_RD);
        assert_true(tsig_sign_request(key_at(n), message, &length, served_clock(), &session));
        session.continues = false;
        for (int i = -1; i < 4; i++) {
            ldns_pkt *packet = NULL;
            if (i >= 0) {
                length = bare_message(message, HEADER_QR | HEADER_AA);
                assert_true(tsig_append(&session, message, &length, served_clock() + i));
            }
            assert_int_equal(ldns_wire2pkt(&packet, message, length), LDNS_STATUS_OK);
            assert_true(ldns_pkt_tsig_verify_next(packet, message, length, ring_keys[n].id,
                                                  secret_text(n), mac, i > 0));
            ldns_rdf_deep_free(mac);
            mac = ldns_rdf_clone(ldns_rr_rdf(ldns_pkt_tsig(packet), 3));
            ldns_pkt_free(packet);
        }
        ldns_rdf_deep_free(mac);
    }
}

static void requests_that_ldns_signs_are_verified(void **state)
{
    (void)state;
    for (size_t n = 0; n < RING_KEYS; n += 2) {
        char algorithm[32];
        uint8_t *octets = NULL;
        size_t length = 0;
        struct tsig_session session;
        ldns_pkt *packet = ldns_pkt_query_new(ldns_dname_new_frm_str("Example"), LDNS_RR_TYPE_SOA,
                                              LDNS_RR_CLASS_IN, 0);
        snprintf(algorithm, sizeof algorithm, "%s.", tsig_algorithm_name(ring_keys[n].algorithm));
        assert_int_equal(
            ldns_pkt_tsig_sign(packet, ring_keys[n].id, secret_text(n), 300, algorithm, NULL),
            LDNS_STATUS_OK);
        assert_int_equal(ldns_pkt2wire(&octets, packet, &length), LDNS_STATUS_OK);
        assert_int_equal(verify(octets, length, (int64_t)time(NULL), &session), STATUS_OK);
        ldns_pkt_free(packet);
        free(octets);
    }
}

/* An answer to a request of ours, as a server makes it. */
static size_t answer_to(const struct tsig_session *request, uint16_t error, int64_t now,
                        uint8_t *message)
{
    struct tsig_session session = *request;
    size_t length = bare_message(message, HEADER_QR);
    session.continues = false;
    session.error = error;
    assert_true(tsig_append(&session, message, &length, now));
    return length;
}

/* §5.4 */
static void only_answers_with_the_key_of_the_request_are_believed(void **state)
{
    uint8_t message[1024];
    uint16_t error;
    struct tsig_session session;
    int64_t now = served_clock();
    (void)state;
    size_t length = bare_message(message, 0);
    assert_true(tsig_sign_request(key_at(0), message, &length, now, &session));

    length = answer_to(&session, TSIG_NO_ERROR, now, message);
    assert_int_equal(tsig_verify_answer(&session, message, length, now, &error), STATUS_OK);
    assert_int_equal(tsig_verify_answer(&session, message, length, now + 301, &error),
                     STATUS_DENIED);
    for (size_t at = 2; at < length; at++) {
        message[at] ^= 1;
        assert_int_not_equal(tsig_verify_answer(&session, message, length, now, &error), STATUS_OK);
        message[at] ^= 1;
        assert_int_equal(tsig_verify_answer(&session, message, at, now, &error), STATUS_NOT_FOUND);
    }
    struct tsig_session other = session;
    other.mac[0] ^= 1; /* the answer to another request */
    assert_int_equal(tsig_verify_answer(&other, message, length, now, &error), STATUS_DENIED);

    other = session;
    other.key = key_at(3);
    other.mac_octets = 20;
    length = answer_to(&other, TSIG_NO_ERROR, now, message);
    assert_int_equal(tsig_verify_answer(&session, message, length, now, &error), STATUS_DENIED);

    length = answer_to(&session, TSIG_BADTIME, now + 5000, message);
    assert_int_equal(tsig_verify_answer(&session, message, length, now, &error), STATUS_DENIED);
    assert_int_equal(error, TSIG_BADTIME);

    length = bare_message(message, HEADER_QR);
    assert_int_equal(tsig_verify_answer(&session, message, length, now, &error), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(macs_are_those_of_the_rfcs),
        cmocka_unit_test(messages_are_signed_as_dnspython_signs_them),
        cmocka_unit_test(every_algorithm_is_verified),
        cmocka_unit_test(no_prefix_of_a_signed_message_is_accepted),
        cmocka_unit_test(no_changed_bit_of_a_signed_message_is_accepted),
        cmocka_unit_test(the_original_id_counts),
        cmocka_unit_test(each_field_that_is_wrong_has_its_outcome),
        cmocka_unit_test(time_counts_to_the_second),
        cmocka_unit_test(a_mac_has_its_length),
        cmocka_unit_test(without_keys_every_key_is_unknown),
        cmocka_unit_test(the_keys_of_a_keyring_are_found_by_name_alone),
        cmocka_unit_test(a_keyring_names_every_file_that_it_cannot_use),
        cmocka_unit_test(ldns_verifies_a_stream_of_ours),
        cmocka_unit_test(requests_that_ldns_signs_are_verified),
        cmocka_unit_test(only_answers_with_the_key_of_the_request_are_believed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
