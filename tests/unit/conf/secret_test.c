#include "conf_test.h"

#include "conf/secret.h"

#include <sys/stat.h>
#include <unistd.h>

/* Invented; 32 octets. What the tools print around such texts is copied from their output. */
#define SECRET "AJtnXetoclk3ABnw29S6KnkQumKNFtKDrHK2vFKOsqc="
#define OTHER  "IHB1oAt4CmGUo8piUMQ8V9/qfzXGoVV7W6Qw//ytfiU="
/* The first octets of both. */
static const uint8_t secret_start[] = {0x00, 0x9b, 0x67, 0x5d};
static const uint8_t other_start[] = {0x20, 0x70, 0x75, 0xa0};

static struct config_key key_of(const char *id, enum tsig_algorithm algorithm)
{
    struct config_key key = {.id = id, .algorithm = algorithm, .secret_file = "xfr.key"};
    assert_int_equal(name_from_text(&key.name, id, strlen(id)), STATUS_OK);
    return key;
}

/* Reads a text as the file of key xfr; returns the diagnostics, to be freed. */
static char *diagnose(const char *text, enum tsig_algorithm algorithm, struct secret *secret)
{
    const struct config_key key = key_of("xfr", algorithm);
    struct diag *diag = diag_create();
    enum status status = secret_parse(&key, text, strlen(text), diag, secret);
    assert_int_equal(status, diag_count(diag, SEVERITY_ERROR) > 0 ? STATUS_INVALID : STATUS_OK);
    if (status != STATUS_OK)
        assert_int_equal(secret->length, 0);
    char *found = printed(diag, DIAG_GNU);
    diag_destroy(diag);
    return found;
}

static void every_form_that_tools_print_is_read(void **state)
{
    static const char *const texts[] = {
        /* tsig-keygen xfr; ddns-confgen -q -k xfr; rndc-confgen -a */
        "key \"xfr\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET "\";\n};\n",
        "// by hand\nkey xfr { /* old\nstyle */ secret " SECRET "; algorithm HMAC-SHA256.; };",
        /* keymgr -t xfr hmac-sha256 */
        "# hmac-sha256:xfr:" SECRET "\nkey:\n  - id: xfr\n    algorithm: hmac-sha256\n"
        "    secret: " SECRET "\n",
        "key:\r\n- id: xfr.\r\n  algorithm: hmac-sha256\r\n  secret: " SECRET "\r\n",
        /* nsd.conf */
        "key:\n\tname: \"xfr\"\n\talgorithm: hmac-sha256\n\tsecret: \"" SECRET "\"\n",
        "key: name: XFR algorithm: sha256 secret:\"" SECRET "\"",
        "secret: \"" SECRET "\"\n",
        /* plain; dig -y, kdig -y, drill -y */
        SECRET,
        "# the key of both\n\n  " SECRET "  \n",
        "xfr:" SECRET "\n",
        "hmac-sha256:xfr:" SECRET "\n",
        "hmac-sha256:xfr.:" SECRET "\n",
        "xfr:" SECRET ":hmac-sha256\n",
        "\"" SECRET "\"\n",
        /* several */
        "key \"old\" { algorithm hmac-sha512; secret \"" OTHER "\"; };\n"
        "key \"xfr\" { algorithm hmac-sha256; secret \"" SECRET "\"; };\n",
        "key:\n  - id: xfr\n    secret: " SECRET "\n  - id: new\n    secret: " OTHER "\n",
        "key:\n name: old\n secret: " OTHER "\nkey:\n name: xfr\n secret: " SECRET "\n",
        "old:" OTHER "\nxfr:" SECRET "\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct secret secret;
        char text[SECRET_TEXT_OCTETS];
        char *found = diagnose(texts[i], TSIG_HMAC_SHA256, &secret);
        assert_string_equal(found, "");
        assert_int_equal(secret.length, 32);
        assert_memory_equal(secret.octets, secret_start, sizeof secret_start);
        secret_to_text(&secret, text);
        assert_string_equal(text, SECRET);
        free(found);
    }
}

static void a_plain_secret_may_begin_as_a_comment_of_bind_does(void **state)
{
    struct secret secret;
    (void)state;
    char *found = diagnose(
        "// one of these\n//tnXetoclk3ABnw29S6KnkQumKNFtKDrHK2vFKOsqc=", TSIG_HMAC_SHA256, &secret);
    assert_string_equal(found, "");
    assert_int_equal(secret.octets[0], 0xff);
    free(found);
}

/* Every message, and nothing of the secret in it. */
static void what_is_wrong_is_said_without_the_secret(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", "xfr.key: error: holds no key [secret-empty]\n"},
        {"# nothing\n", "xfr.key: error: holds no key [secret-empty]\n"},
        {"key \"xfr\" {\n\talgorithm hmac-sha512;\n\tsecret \"" SECRET "\";\n};\n",
         "xfr.key:2:12: error: names algorithm hmac-sha512, 'key' xfr says hmac-sha256 "
         "[secret-algorithm]\n"},
        {"key:\n  - id: xfr\n    algorithm: hmac-md5\n    secret: " SECRET "\n",
         "xfr.key:3:16: error: names algorithm hmac-md5, 'key' xfr says hmac-sha256 "
         "[secret-algorithm]\n"},
        {"hmac-sha512:xfr:" SECRET,
         "xfr.key:1:1: error: names algorithm hmac-sha512, 'key' xfr says hmac-sha256 "
         "[secret-algorithm]\n"},
        {"key \"old\" { secret \"" SECRET "\"; };",
         "xfr.key:1:5: error: names key old, the configuration says xfr [secret-name]\n"},
        {"# é\nold:" SECRET,
         "xfr.key:2:1: error: names another key, the configuration says xfr [secret-name]\n"},
        {SECRET ":xfr",
         "xfr.key:1:1: error: names another key, the configuration says xfr [secret-name]\n"},
        {"a:" SECRET " b:" OTHER,
         "xfr.key: error: holds 2 keys, none of them named xfr [secret-several]\n"},
        {SECRET " " OTHER,
         "xfr.key: error: holds 2 keys, none of them named xfr [secret-several]\n"},
        {"xfr:" SECRET "\nxfr:" OTHER,
         "xfr.key:2:1: error: holds key xfr twice [secret-several]\n"},
        {"key: id: xfr algorithm: hmac-sha256",
         "xfr.key:1:6: error: the key has no secret [secret-empty]\n"},
        {"key: id: xfr secret: \"\"", "xfr.key:1:22: error: the secret is empty [secret-empty]\n"},
        {"xfr:", "xfr.key:1:1: error: not the file of a key; a key has a name, an algorithm and a "
                 "secret [secret-form]\n"},
        {"hmac-sha256:xfr:AJtnXetoclk3ABnw29S6KnkQumKNFtKDrHK2vFKOsqc",
         "xfr.key:1:17: error: the secret is not base64; its last '=' belong to it "
         "[secret-base64]\n"},
        {"not base64!", "xfr.key: error: holds 2 keys, none of them named xfr [secret-several]\n"},
        {"secret!", "xfr.key:1:1: error: the secret is not base64; its last '=' belong to it "
                    "[secret-base64]\n"},
        {"AAAAAAAAAAAA", "xfr.key:1:1: error: a secret of 9 octets can be guessed; 32 would be "
                         "right for hmac-sha256 [secret-short]\n"},
        {"AAAAAAAAAAAAAA==",
         "xfr.key:1:1: warning: a secret of 10 octets is shorter than the hash of hmac-sha256, "
         "which has 32 [secret-short]\n"},
        {"key \"xfr\" { secret \"" SECRET "\" };",
         "xfr.key:1:67: error: not the file of a key; ';' was expected [secret-form]\n"},
        {"key \"xfr\" { secret \"" SECRET,
         "xfr.key:1:20: error: a quote is opened and never closed [secret-form]\n"},
        {"key \"xfr\" { secret", "xfr.key:1:19: error: the file ends too early; a value was "
                                 "expected [secret-form]\n"},
        {"key \"xfr\" { secret a; secret b; };",
         "xfr.key:1:23: error: 'secret' is given twice for one key [secret-form]\n"},
        {"key \"xfr\" { keyring x; };",
         "xfr.key:1:13: error: not the file of a key; a key has a name, an algorithm and a secret "
         "[secret-form]\n"},
        {"Private-key-format: v1.3\nAlgorithm: 163 (HMAC_SHA256)\nKey: " SECRET "\n",
         "xfr.key:1:1: error: not the file of a key; a key has a name, an algorithm and a secret "
         "[secret-form]\n"},
        {"{\"key\": 1}",
         "xfr.key:1:1: error: not the file of a key; write what tsig-keygen, keymgr "
         "-t or 'zonegen key tsig' print [secret-form]\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct secret secret;
        char *found = diagnose(cases[i].text, TSIG_HMAC_SHA256, &secret);
        assert_string_equal(found, cases[i].expected);
        assert_null(strstr(found, "AJtn"));
        assert_null(strstr(found, "IHB1"));
        free(found);
    }
}

static void a_secret_is_at_most_512_octets(void **state)
{
    char text[2 * SECRET_TEXT_OCTETS];
    struct secret secret;
    (void)state;
    for (size_t octets = 510; octets <= 516; octets += 3) {
        memset(text, 'A', octets / 3 * 4);
        text[octets / 3 * 4] = '\0';
        char *found = diagnose(text, TSIG_HMAC_SHA256, &secret);
        assert_int_equal(secret.length, octets <= SECRET_MAX_OCTETS ? octets : 0);
        free(found);
    }
}

static void more_keys_than_64_are_refused(void **state)
{
    char text[65 * 24] = "";
    struct secret secret;
    (void)state;
    for (int i = 0; i < 65; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "k%d:AAAAAAAAAAAAAA==\n", i);
    char *found = diagnose(text, TSIG_HMAC_SHA256, &secret);
    assert_string_equal(found,
                        "xfr.key:65:1: error: more than 64 keys in one file [secret-form]\n");
    free(found);
}

/* Prefixes end within quotes, comments, words; the address sanitizer watches the end. */
static void every_prefix_and_every_changed_octet_ends_in_an_outcome(void **state)
{
    static const char text[] =
        "# c\n// d\n/* e */ key \"old\" { algorithm hmac-sha512; secret \"" OTHER "\"; };\n"
        "key xfr { algorithm hmac-sha256; secret \"" SECRET "\"; };";
    static const char yaml[] = "key:\n  - id: xfr\n    algorithm: hmac-sha256\n    secret: " SECRET;
    static const char *const texts[] = {text, yaml};
    const struct config_key key = key_of("xfr", TSIG_HMAC_SHA256);
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        size_t whole = strlen(texts[t]);
        for (size_t length = 0; length <= whole; length++) {
            struct secret secret;
            struct diag *diag = diag_create();
            char *copy = malloc(length > 0 ? length : 1);
            memcpy(copy, texts[t], length);
            for (size_t i = 0; i < (length == whole ? length : 1); i++) {
                if (length == whole)
                    copy[i] ^= 0x40;
                enum status status = secret_parse(&key, copy, length, diag, &secret);
                assert_true(status == STATUS_OK || status == STATUS_INVALID);
                if (length == whole)
                    copy[i] ^= 0x40;
            }
            free(copy);
            diag_destroy(diag);
        }
    }
}

static char folder[] = "/tmp/conf-secret-test-XXXXXX";

static char *read_file(const char *path, struct secret *secret)
{
    struct config_key key = key_of("xfr", TSIG_HMAC_SHA256);
    struct diag *diag = diag_create();
    key.secret_file = path;
    enum status status = secret_read(&key, NULL, diag, secret);
    assert_int_equal(status, diag_count(diag, SEVERITY_ERROR) > 0 ? STATUS_INVALID : STATUS_OK);
    char *found = printed(diag, DIAG_GNU);
    diag_destroy(diag);
    return found;
}

static void a_file_is_read_and_its_mode_looked_at(void **state)
{
    static const struct {
        mode_t mode;
        const char *expected;
    } cases[] = {
        {0600, ""},
        {0640, ""},
        {0644, "xfr.key: warning: a secret of mode 0644, open to others; run: chmod 640 xfr.key, "
               "and consider a new key [secret-mode]\n"},
        {0660, "xfr.key: warning: a secret of mode 0660, open to others; run: chmod 640 xfr.key, "
               "and consider a new key [secret-mode]\n"},
    };
    struct secret secret;
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    FILE *file = fopen("xfr.key", "w");
    assert_true(fputs("xfr:" OTHER "\n", file) > 0);
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(chmod("xfr.key", cases[i].mode), 0);
        char *found = read_file("xfr.key", &secret);
        assert_string_equal(found, cases[i].expected);
        assert_memory_equal(secret.octets, other_start, sizeof other_start);
        free(found);
    }
    secret_clear(&secret);
    for (size_t i = 0; i < sizeof secret; i++)
        assert_int_equal(((const uint8_t *)&secret)[i], 0);
    assert_int_equal(unlink("xfr.key"), 0);
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    struct secret secret;
    (void)state;
    char *found = read_file("missing.key", &secret);
    assert_string_equal(found, "missing.key: error: no such file; a new secret is made by 'zonegen "
                               "key tsig --algorithm hmac-sha256 --out missing.key xfr' "
                               "[file-missing]\n");
    free(found);
    found = read_file("/tmp", &secret);
    assert_string_equal(found, "/tmp: error: it is a folder, not a file [file-kind]\n");
    free(found);
    found = read_file("/dev/zero", &secret);
    assert_string_equal(
        found, "/dev/zero: error: larger than 32 KiB; not the file of a key [file-size]\n");
    free(found);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_that_tools_print_is_read),
        cmocka_unit_test(a_plain_secret_may_begin_as_a_comment_of_bind_does),
        cmocka_unit_test(what_is_wrong_is_said_without_the_secret),
        cmocka_unit_test(a_secret_is_at_most_512_octets),
        cmocka_unit_test(more_keys_than_64_are_refused),
        cmocka_unit_test(every_prefix_and_every_changed_octet_ends_in_an_outcome),
        cmocka_unit_test(a_file_is_read_and_its_mode_looked_at),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
