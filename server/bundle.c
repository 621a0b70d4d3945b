#include "server/bundle.h"

#include "server/diagnose.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Reads what the configuration names, and logs what is wrong with it. */
static enum status read_named(struct bundle *bundle, const struct config *config, struct log *log)
{
    struct diag *diag = diag_create();

    if (!diag)
        return STATUS_SYSTEM;
    enum status status = keyring_create(config, diag, &bundle->keyring);
    diag_sort(diag);
    diagnose(diag, log);
    diag_destroy(diag);
    return status;
}

static enum status read_identity(struct bundle *bundle, const struct config *config,
                                 struct log *log)
{
    char message[TLS_MESSAGE_OCTETS];

    if (config->server.tls_listen_count == 0)
        return STATUS_OK;
    enum status status = tls_identity_create(&config->server, time(NULL), &bundle->tls, message);
    if (status != STATUS_OK)
        log_write(log, LOG_LEVEL_ERROR, "%s", message);
    return status;
}

enum status bundle_create(struct config *config, struct log *log, struct bundle **out)
{
    struct bundle *bundle = calloc(1, sizeof *bundle);
    enum status status = bundle ? read_named(bundle, config, log) : STATUS_SYSTEM;

    if (status == STATUS_OK)
        status = read_identity(bundle, config, log);
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
    char message[TLS_MESSAGE_OCTETS];
    enum log_level level;

    if (bundle->tls && tls_identity_outlook(bundle->tls, time(NULL), &level, message))
        log_write(log, level, "%s", message);
}

void bundle_destroy(struct bundle *bundle)
{
    if (!bundle)
        return;
    keyring_destroy(bundle->keyring);
    tls_identity_release(bundle->tls);
    config_destroy(bundle->config);
    free(bundle);
}

enum status bundle_check(const struct config *config, struct diag *diag)
{
    enum status outcome = STATUS_OK;

    for (size_t i = 0; i < config->key_count; i++) {
        const struct config_key *key = &config->keys[i];
        struct place place = {.file = key->secret_file};
        struct secret secret;
        if (access(key->secret_file, R_OK) != 0 && errno == EACCES) {
            diag_warning(diag, place, "secret-unchecked",
                         "not checked, this account may not read it");
            continue;
        }
        if (secret_read(key, diag, &secret) != STATUS_OK)
            outcome = STATUS_INVALID;
        secret_clear(&secret);
    }
    return outcome;
}
