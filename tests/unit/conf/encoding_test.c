#include "tests/unit/check.h"

#include "conf/encoding.h"

#include <stdlib.h>
#include <string.h>

/* RFC 4648 §10, in the case and padding of zone files. */
static const struct {
    const char *octets;
    const char *hex;
    const char *base32hex;
    const char *base64;
} vectors[] = {
    {"", "", "", ""},
    {"f", "66", "co", "Zg=="},
    {"fo", "666f", "cpng", "Zm8="},
    {"foo", "666f6f", "cpnmu", "Zm9v"},
    {"foob", "666f6f62", "cpnmuog", "Zm9vYg=="},
    {"fooba", "666f6f6261", "cpnmuoj1", "Zm9vYmE="},
    {"foobar", "666f6f626172", "cpnmuoj1e8", "Zm9vYmFy"},
};
#define VECTORS (sizeof vectors / sizeof *vectors)

static char *encode(enum encoding encoding, const char *octets, size_t length)
{
    char *text = NULL;
    size_t written;
    FILE *out = open_memstream(&text, &written);
    assert_non_null(out);
    encoding_print(encoding, (const uint8_t *)octets, length, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Decodes in pieces of `step` characters. */
static enum status decode(enum encoding encoding, const char *text, size_t step, uint8_t *octets,
                          size_t *length)
{
    struct decoding decoding = decoding_begin(encoding);
    struct writer w = writer_of(octets, 512);
    size_t left = strlen(text);

    while (left > 0) {
        size_t piece = left < step ? left : step;
        enum status status = decoding_text(&decoding, text, piece, &w);
        if (status != STATUS_OK)
            return status;
        text += piece;
        left -= piece;
    }
    *length = writer_length(&w);
    return decoding_end(&decoding);
}

static void check_vector(enum encoding encoding, const char *octets, const char *text)
{
    uint8_t decoded[512];
    size_t length;
    char *encoded = encode(encoding, octets, strlen(octets));
    assert_string_equal(encoded, text);
    for (size_t step = 1; step < 6; step++) {
        assert_int_equal(decode(encoding, text, step, decoded, &length), STATUS_OK);
        assert_int_equal(length, strlen(octets));
        assert_memory_equal(decoded, octets, length);
    }
    free(encoded);
    if (encoding == ENCODING_BASE64) {
        char line[ENCODING_BASE64_OCTETS(6)];
        encoding_base64((const uint8_t *)octets, strlen(octets), line);
        assert_string_equal(line, text);
    }
}

static void the_vectors_of_rfc_4648_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        check_vector(ENCODING_HEX, vectors[i].octets, vectors[i].hex);
        check_vector(ENCODING_BASE32HEX, vectors[i].octets, vectors[i].base32hex);
        check_vector(ENCODING_BASE64, vectors[i].octets, vectors[i].base64);
    }
}

static void every_octet_comes_back(void **state)
{
    char octets[256];
    uint8_t decoded[512];
    size_t length;
    (void)state;
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (char)i;
    for (enum encoding encoding = ENCODING_HEX; encoding <= ENCODING_BASE64; encoding++) {
        for (size_t from = 0; from < 8; from++) {
            char *text = encode(encoding, octets + from, sizeof octets - from);
            assert_int_equal(decode(encoding, text, 7, decoded, &length), STATUS_OK);
            assert_int_equal(length, sizeof octets - from);
            assert_memory_equal(decoded, octets + from, length);
            free(text);
        }
    }
}

static void what_ends_within_an_octet_is_malformed(void **state)
{
    static const struct {
        enum encoding encoding;
        const char *text;
    } cases[] = {
        {ENCODING_HEX, "a"},        {ENCODING_HEX, "abc"},      {ENCODING_HEX, "xy"},
        {ENCODING_HEX, "a="},       {ENCODING_HEX, "a\nb"},     {ENCODING_BASE32HEX, "c"},
        {ENCODING_BASE32HEX, "cp"}, {ENCODING_BASE32HEX, "wx"}, {ENCODING_BASE32HEX, "co======"},
        {ENCODING_BASE64, "Z"},     {ENCODING_BASE64, "Zg"},    {ENCODING_BASE64, "Zg="},
        {ENCODING_BASE64, "Zg==="}, {ENCODING_BASE64, "Zh=="},  {ENCODING_BASE64, "Zg==Zg=="},
        {ENCODING_BASE64, "===="},  {ENCODING_BASE64, "Z==="},  {ENCODING_BASE64, "Zm9v===="},
        {ENCODING_BASE64, "Zm9-"},
    };
    uint8_t decoded[512];
    size_t length;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (decode(cases[i].encoding, cases[i].text, 2, decoded, &length) != STATUS_MALFORMED)
            fail_msg("'%s' was decoded", cases[i].text);
}

static void letter_case_matters_in_base64_only(void **state)
{
    uint8_t decoded[512];
    size_t length;
    (void)state;
    assert_int_equal(decode(ENCODING_HEX, "aBcD", 4, decoded, &length), STATUS_OK);
    assert_memory_equal(decoded, "\xab\xcd", 2);
    assert_int_equal(decode(ENCODING_BASE32HEX, "CpNmU", 5, decoded, &length), STATUS_OK);
    assert_memory_equal(decoded, "foo", 3);
    assert_int_equal(decode(ENCODING_BASE64, "zM9V", 4, decoded, &length), STATUS_OK);
    assert_memory_not_equal(decoded, "foo", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_hold),
        cmocka_unit_test(every_octet_comes_back),
        cmocka_unit_test(what_ends_within_an_octet_is_malformed),
        cmocka_unit_test(letter_case_matters_in_base64_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
