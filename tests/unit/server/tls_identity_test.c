#include "tests/unit/server/certificates.h"

#include "server/tls_identity.h"

#include <string.h>

#define DAY 86400

static const time_t now = 1795305600; /* 2026-11-22 */

static int setup(void **state)
{
    static struct certificates files;
    certificates_create(&files);
    certificates_issue(&files, now - 30 * DAY, now + 365 * DAY);
    *state = &files;
    return 0;
}

static int teardown(void **state)
{
    certificates_destroy(*state);
    return 0;
}

static struct config_server server_of(const struct certificates *files)
{
    return (struct config_server){.tls_cert = files->certificate, .tls_key = files->key};
}

/* Expects one error, about `file`, with these words. */
static void expect_refusal(const struct config_server *server, time_t at, const char *file,
                           const char *words)
{
    struct tls_identity *identity = NULL;
    struct diag *diag = diag_create();

    assert_int_equal(tls_identity_create(server, NULL, at, diag, &identity), STATUS_INVALID);
    assert_null(identity);
    assert_int_equal(diag_count(diag, SEVERITY_ERROR), 1);
    const struct diagnostic *error = diag_at(diag, diag_total(diag) - 1);
    assert_int_equal(error->severity, SEVERITY_ERROR);
    assert_string_equal(error->place.file, file);
    assert_non_null(strstr(error->message, words));
    diag_destroy(diag);
}

/* An identity that nothing is to be said of. */
static struct tls_identity *expect_success(const struct config_server *server)
{
    struct tls_identity *identity = NULL;
    struct diag *diag = diag_create();

    assert_int_equal(tls_identity_create(server, NULL, now, diag, &identity), STATUS_OK);
    assert_int_equal(diag_total(diag), 0);
    diag_destroy(diag);
    return identity;
}

static void what_fits_is_taken(void **state)
{
    struct config_server server = server_of(*state);
    struct tls_identity *identity = expect_success(&server);

    assert_ptr_equal(tls_identity_hold(identity), identity);
    tls_identity_release(identity);
    assert_non_null(tls_identity_context(identity)); /* one holder is left */
    tls_identity_release(identity);
    tls_identity_release(NULL);
}

static void a_key_of_another_certificate_is_refused(void **state)
{
    const struct certificates *files = *state;
    struct config_server server = server_of(files);

    server.tls_key = files->other_key;
    expect_refusal(&server, now, files->other_key, "does not fit the certificate in ");
}

static void a_missing_file_is_named(void **state)
{
    struct config_server server = server_of(*state);

    server.tls_cert = "/nonexistent/cert";
    expect_refusal(&server, now, "/nonexistent/cert", "cannot be read: no such file");
    server = server_of(*state);
    server.tls_key = "/nonexistent/key";
    expect_refusal(&server, now, "/nonexistent/key", "cannot be read: no such file");
    server = server_of(*state);
    server.tls_ca = "/nonexistent/ca";
    expect_refusal(&server, now, "/nonexistent/ca", "cannot be read: no such file");
}

static void a_file_of_something_else_is_refused(void **state)
{
    const struct certificates *files = *state;
    struct config_server server = server_of(files);

    server.tls_cert = files->key;
    expect_refusal(&server, now, files->key, "holds no certificate that can be used");
    server = server_of(files);
    server.tls_key = files->certificate;
    expect_refusal(&server, now, files->certificate, "holds no private key that can be used");
    server = server_of(files);
    server.tls_ca = files->key;
    expect_refusal(&server, now, files->key, "holds no certificate that can be used");
}

static void a_key_that_everybody_may_read_is_warned_of(void **state)
{
    const struct certificates *files = *state;
    struct config_server server = server_of(files);
    struct tls_identity *identity = NULL;
    struct diag *diag = diag_create();

    assert_int_equal(chmod(files->key, 0644), 0);
    assert_int_equal(tls_identity_create(&server, NULL, now, diag, &identity), STATUS_OK);
    assert_int_equal(diag_count(diag, SEVERITY_WARNING), 1);
    assert_string_equal(diag_at(diag, 0)->place.file, files->key);
    diag_destroy(diag);
    tls_identity_release(identity);
}

static void a_certificate_of_tomorrow_is_refused(void **state)
{
    struct config_server server = server_of(*state);

    expect_refusal(&server, now - 31 * DAY, server.tls_cert, "is valid from 2026-10-23");
}

static void the_end_is_spoken_of_in_time(void **state)
{
    static const struct {
        time_t before; /* the end, in seconds */
        bool spoken;
        enum log_level level;
        const char *words;
    } cases[] = {
        {365 * DAY, false, LOG_LEVEL_INFO, ""},
        {30 * DAY, false, LOG_LEVEL_INFO, ""},
        {30 * DAY - 1, true, LOG_LEVEL_WARNING,
         "the certificate expires in 29 days, on 2027-11-22"},
        {7 * DAY, true, LOG_LEVEL_WARNING, "expires in 7 days"},
        {7 * DAY - 1, true, LOG_LEVEL_ERROR, "expires in 6 days"},
        {DAY, true, LOG_LEVEL_ERROR, "expires in 1 day, "},
        {1, true, LOG_LEVEL_ERROR, "expires in 0 days"},
        {0, true, LOG_LEVEL_ERROR, "the certificate expired on 2027-11-22"},
        {-400 * DAY, true, LOG_LEVEL_ERROR, "the certificate expired on 2027-11-22"},
    };
    struct config_server server = server_of(*state);
    struct tls_identity *identity = expect_success(&server);
    char message[TLS_OUTLOOK_OCTETS];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum log_level level = LOG_LEVEL_INFO;
        message[0] = '\0';
        assert_int_equal(
            tls_identity_outlook(identity, now + 365 * DAY - cases[i].before, &level, message),
            cases[i].spoken);
        assert_int_equal(level, cases[i].level);
        assert_non_null(strstr(message, cases[i].words));
    }
    tls_identity_release(identity);
}

static void the_first_of_a_chain_to_end_is_spoken_of(void **state)
{
    struct certificates *files = *state;
    struct config_server server = server_of(files);
    char message[TLS_OUTLOOK_OCTETS];
    enum log_level level;
    EVP_PKEY *key = write_key(files->other_key);

    append_certificate(files->certificate, key, now - DAY, now + 10 * DAY);
    append_certificate(files->certificate, key, now - DAY, now + 20 * DAY);
    EVP_PKEY_free(key);
    struct tls_identity *identity = expect_success(&server);
    assert_true(tls_identity_outlook(identity, now, &level, message));
    assert_non_null(strstr(message, "certificate 2 of the chain expires in 10 days"));
    tls_identity_release(identity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_fits_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_of_another_certificate_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_file_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_of_something_else_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_everybody_may_read_is_warned_of, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_certificate_of_tomorrow_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_is_spoken_of_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_of_a_chain_to_end_is_spoken_of, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
