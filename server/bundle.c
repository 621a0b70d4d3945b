#include "server/bundle.h"

#include "server/crypto_reserve.h"
#include "server/diagnose.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* Secrets that a server has made up for itself, as long as it runs. */
static bool are_made_up(const struct config_server *server)
{
    return server->cookies && !server->cookie_secret_file;
}

static enum status make_up_secret(struct cookie_secrets *out)
{
    out->count = 1;
    return getrandom(out->octets[0], COOKIE_SECRET_OCTETS, 0) == COOKIE_SECRET_OCTETS
               ? STATUS_OK
               : STATUS_SYSTEM;
}

static enum status read_cookies(struct bundle *bundle, const struct config *config,
                                const struct bundle *before, struct diag *diag)
{
    const struct config_server *server = &config->server;

    if (!server->cookies)
        return STATUS_OK;
    if (server->cookie_secret_file)
        return cookie_secrets_read(server->cookie_secret_file, config->opener, diag,
                                   &bundle->cookies);
    if (!before || !are_made_up(&before->config->server))
        return make_up_secret(&bundle->cookies);
    bundle->cookies = before->cookies;
    return STATUS_OK;
}

/* Reads what the configuration names, and logs what is wrong with it. */
static enum status read_named(struct bundle *bundle, const struct config *config,
                              const struct bundle *before, struct log *log)
{
    struct diag *diag = diag_create();
    const uint64_t taken = crypto_reserve_taken();

    if (!diag)
        return STATUS_SYSTEM;
    enum status status = keyring_create(config, diag, &bundle->keyring);
    if (status == STATUS_OK)
        status = read_cookies(bundle, config, before, diag);
    if (status == STATUS_OK && config->server.tls_listen_count > 0)
        status =
            tls_identity_create(&config->server, config->opener, time(NULL), diag, &bundle->tls);
    if (crypto_reserve_taken() != taken) { /* what OpenSSL said of files may come of that */
        diag_destroy(diag);
        return STATUS_SYSTEM;
    }
    diag_sort(diag);
    diagnose(diag, log);
    diag_destroy(diag);
    return status;
}

enum status bundle_create(struct config *config, const struct bundle *before, struct log *log,
                          struct bundle **out)
{
    struct bundle *bundle = calloc(1, sizeof *bundle);
    enum status status = bundle ? read_named(bundle, config, before, log) : STATUS_SYSTEM;

    if (status != STATUS_OK) {
        if (status == STATUS_SYSTEM)
            log_write(log, LOG_LEVEL_ERROR, "out of memory");
        bundle_destroy(bundle);
        return status;
    }
    bundle->config = config;
    *out = bundle;
    return STATUS_OK;
}

void bundle_warn(const struct bundle *bundle, struct log *log)
{
    char message[TLS_OUTLOOK_OCTETS];
    enum log_level level;

    if (bundle->tls && tls_identity_outlook(bundle->tls, time(NULL), &level, message))
        log_write(log, level, "%s: %s", bundle->config->server.tls_cert, message);
}

void bundle_destroy(struct bundle *bundle)
{
    if (!bundle)
        return;
    keyring_destroy(bundle->keyring);
    tls_identity_release(bundle->tls);
    cookie_secrets_clear(&bundle->cookies);
    config_destroy(bundle->config);
    free(bundle);
}

/* True, with a warning, where this account may not read a secret. */
static bool is_unchecked(const char *file, struct diag *diag)
{
    if (access(file, R_OK) == 0 || errno != EACCES)
        return false;
    diag_warning(diag, (struct place){.file = file}, "secret-unchecked",
                 "not checked, this account may not read it");
    return true;
}

static enum status check_identity(const struct config_server *server, struct diag *diag)
{
    struct tls_identity *identity = NULL;
    char message[TLS_OUTLOOK_OCTETS];
    enum log_level level;
    time_t now = time(NULL);

    if (server->tls_listen_count == 0 || is_unchecked(server->tls_key, diag))
        return STATUS_OK;
    enum status status = tls_identity_create(server, NULL, now, diag, &identity);
    if (status == STATUS_OK && tls_identity_outlook(identity, now, &level, message))
        diag_warning(diag, (struct place){.file = server->tls_cert}, "tls-end", "%s", message);
    tls_identity_release(identity);
    return status;
}

static enum status check_cookies(const struct config_server *server, struct diag *diag)
{
    struct cookie_secrets secrets;

    if (!server->cookies || !server->cookie_secret_file ||
        is_unchecked(server->cookie_secret_file, diag))
        return STATUS_OK;
    enum status status = cookie_secrets_read(server->cookie_secret_file, NULL, diag, &secrets);
    cookie_secrets_clear(&secrets);
    return status;
}

enum status bundle_check(const struct config *config, struct diag *diag)
{
    enum status outcome = check_identity(&config->server, diag);

    if (check_cookies(&config->server, diag) != STATUS_OK)
        outcome = STATUS_INVALID;

    for (size_t i = 0; i < config->key_count; i++) {
        const struct config_key *key = &config->keys[i];
        struct secret secret;
        if (is_unchecked(key->secret_file, diag))
            continue;
        if (secret_read(key, NULL, diag, &secret) != STATUS_OK)
            outcome = STATUS_INVALID;
        secret_clear(&secret);
    }
    return outcome;
}
