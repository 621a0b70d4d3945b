#include "server/bundle.h"

#include <stdlib.h>

enum status bundle_create(struct config *config, struct log *log, struct bundle **out)
{
    struct bundle *bundle = calloc(1, sizeof *bundle);

    if (!bundle) {
        log_write(log, LOG_LEVEL_ERROR, "out of memory");
        return STATUS_SYSTEM;
    }
    bundle->config = config;
    *out = bundle;
    return STATUS_OK;
}

void bundle_destroy(struct bundle *bundle)
{
    if (!bundle)
        return;
    config_destroy(bundle->config);
    free(bundle);
}
