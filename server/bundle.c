#include "server/bundle.h"

#include <stdlib.h>

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

    if (!bundle) {
        log_write(log, LOG_LEVEL_ERROR, "out of memory");
        return STATUS_SYSTEM;
    }
    enum status status = read_identity(bundle, config, log);
    if (status != STATUS_OK) {
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
    tls_identity_release(bundle->tls);
    config_destroy(bundle->config);
    free(bundle);
}
