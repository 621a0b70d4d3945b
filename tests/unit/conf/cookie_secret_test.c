#include "conf_test.h"

#include "conf/cookie_secret.h"

#include <sys/stat.h>
#include <unistd.h>

#define ACTIVE  "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define STAGING "445536BCD2513298075A5D379663C962"

static const uint8_t active_start[] = {0xe5, 0xe9, 0x73, 0xe5};
static const uint8_t staging_start[] = {0x44, 0x55, 0x36, 0xbc};

/* Reads a text as the file; returns the diagnostics, to be freed. */
static char *diagnose(const char *text, size_t length, struct cookie_secrets *secrets)
{
    struct diag *diag = diag_create();
    enum status status = cookie_secrets_parse("cookies", text, length, diag, secrets);
    assert_int_equal(status, diag_count(diag, SEVERITY_ERROR) > 0 ? STATUS_INVALID : STATUS_OK);
    assert_int_equal(status == STATUS_OK, secrets->count > 0);
    char *found = printed(diag, DIAG_GNU);
    diag_destroy(diag);
    return found;
}

static void one_secret_or_two_are_read_as_nsd_has_them(void **state)
{
    static const char *const one[] = {
        ACTIVE,
        ACTIVE "\n",
        "# of ns1 and ns2\r\n\r\n\t" ACTIVE " # since Monday\r\n\n",
    };
    static const char *const two[] = {
        ACTIVE "\n" STAGING "\n",
        ACTIVE "\n# next\n\n" STAGING,
    };
    struct cookie_secrets secrets;
    (void)state;

    for (size_t i = 0; i < sizeof one / sizeof one[0] + sizeof two / sizeof two[0]; i++) {
        bool alone = i < sizeof one / sizeof one[0];
        const char *text = alone ? one[i] : two[i - sizeof one / sizeof one[0]];
        char *found = diagnose(text, strlen(text), &secrets);
        assert_string_equal(found, "");
        assert_int_equal(secrets.count, alone ? 1 : 2);
        assert_memory_equal(secrets.octets[0], active_start, sizeof active_start);
        if (!alone)
            assert_memory_equal(secrets.octets[1], staging_start, sizeof staging_start);
        free(found);
    }
}

static void what_is_wrong_is_said_with_its_place_and_without_the_secret(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", "cookies: error: holds no secret; 'openssl rand -hex 16' makes one [cookie-secret]\n"},
        {"# nothing\n\n",
         "cookies: error: holds no secret; 'openssl rand -hex 16' makes one [cookie-secret]\n"},
        {"# first\n" ACTIVE "0\n",
         "cookies:2:1: error: not a secret of 32 hexadecimal digits; 'openssl rand -hex 16' makes "
         "one [cookie-secret]\n"},
        {ACTIVE "\n0123456789abcdef0123456789abcdeg\n",
         "cookies:2:1: error: not a secret of 32 hexadecimal digits; 'openssl rand -hex 16' makes "
         "one [cookie-secret]\n"},
        {"g123456789abcdef0123456789abcdef\n",
         "cookies:1:1: error: not a secret of 32 hexadecimal digits; 'openssl rand -hex 16' makes "
         "one [cookie-secret]\n"},
        {ACTIVE "\n" ACTIVE "\n",
         "cookies:2:1: error: the staging secret is the active one again; take one of the two "
         "lines out [cookie-secret]\n"},
        {ACTIVE "\n" STAGING "\n" ACTIVE "\n",
         "cookies:3:1: error: holds more than two secrets: the first is the active one, the second "
         "the staging one [cookie-secret]\n"},
    };
    struct cookie_secrets secrets;
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *found = diagnose(cases[i].text, strlen(cases[i].text), &secrets);
        assert_string_equal(found, cases[i].expected);
        free(found);
    }
}

static void every_octet_may_be_anything(void **state)
{
    char text[] = ACTIVE "\n" STAGING "\n";
    struct cookie_secrets secrets;
    (void)state;

    for (size_t at = 0; at < sizeof text - 1; at++) {
        char right = text[at];
        for (unsigned value = 0; value < 256; value++) {
            text[at] = (char)value;
            free(diagnose(text, sizeof text - 1, &secrets));
        }
        text[at] = right;
        free(diagnose(text, at, &secrets));
    }
}

static void a_file_is_read_or_named(void **state)
{
    char path[] = "/tmp/cookie-secret-XXXXXX";
    struct cookie_secrets secrets;
    struct diag *diag = diag_create();
    (void)state;

    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, ACTIVE "\n", 33), 33);
    assert_int_equal(close(file), 0);
    assert_int_equal(cookie_secrets_read(path, NULL, diag, &secrets), STATUS_OK);
    assert_int_equal(secrets.count, 1);
    assert_int_equal(diag_total(diag), 0);
    cookie_secrets_clear(&secrets);
    for (size_t i = 0; i < sizeof secrets; i++)
        assert_int_equal(((const uint8_t *)&secrets)[i], 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(cookie_secrets_read("missing", NULL, diag, &secrets), STATUS_INVALID);
    char *found = printed(diag, DIAG_GNU);
    assert_string_equal(found, "missing: error: no such file; a new secret is made by 'openssl "
                               "rand -hex 16' [file-missing]\n");
    free(found);
    diag_destroy(diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_secret_or_two_are_read_as_nsd_has_them),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place_and_without_the_secret),
        cmocka_unit_test(every_octet_may_be_anything),
        cmocka_unit_test(a_file_is_read_or_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
