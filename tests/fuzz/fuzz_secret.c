/* The file with the secret of a TSIG key, in any form, and that of cookies. The first octet says
 * which is wanted. */
#include "tests/fuzz/fuzz.h"

#include "conf/cookie_secret.h"
#include "conf/secret.h"

#include <string.h>

static void check_messages(const struct diag *diag)
{
    for (size_t i = 0; i < diag_total(diag); i++)
        RULE(!strchr(diag_at(diag, i)->message, '\n'));
}

static void read_cookie_secrets(const char *text, size_t length, struct diag *diag)
{
    struct cookie_secrets secrets;
    enum status status = cookie_secrets_parse("cookies", text, length, diag, &secrets);

    RULE((status == STATUS_OK) == (diag_count(diag, SEVERITY_ERROR) == 0));
    RULE(status != STATUS_OK || secrets.count == 1 || secrets.count == 2);
    check_messages(diag);
    cookie_secrets_clear(&secrets);
    diag_destroy(diag);
}

static void run(const uint8_t *octets, size_t length)
{
    struct config_key key = {.id = "xfr", .secret_file = "xfr.key"};
    struct diag *diag = diag_create();
    struct secret secret;

    if (length < 1) {
        diag_destroy(diag);
        return;
    }
    key.algorithm = (enum tsig_algorithm)(octets[0] % 4);
    if (octets[0] & 4)
        key.id = "a.k512.example";
    RULE(name_from_text(&key.name, key.id, strlen(key.id)) == STATUS_OK);
    const char *text = (const char *)fuzz_flush(octets + 1, length - 1);
    if (octets[0] & 8) {
        read_cookie_secrets(text, length - 1, diag);
        return;
    }
    enum status status = secret_parse(&key, text, length - 1, diag, &secret);
    RULE(status == STATUS_OK || status == STATUS_INVALID);
    RULE((status == STATUS_OK) == (diag_count(diag, SEVERITY_ERROR) == 0));
    if (status == STATUS_OK) {
        char base64[SECRET_TEXT_OCTETS];
        struct secret again;
        RULE(secret.length >= SECRET_MIN_OCTETS && secret.length <= SECRET_MAX_OCTETS);
        secret_to_text(&secret, base64);
        RULE(secret_parse(&key, base64, strlen(base64), diag, &again) == STATUS_OK);
        RULE(again.length == secret.length &&
             memcmp(again.octets, secret.octets, secret.length) == 0);
        secret_clear(&again);
    }
    secret_clear(&secret);
    check_messages(diag);
    diag_destroy(diag);
}

const struct fuzz_target fuzz_secret = {.name = "secret", .run = run};
