#include "server/reload.h"

#include "server/diagnose.h"

static enum status check(const struct config *running, const struct config *fresh, struct log *log)
{
    const char *item = config_needs_restart(running, fresh);
    if (!item)
        return STATUS_OK;
    log_write(log, LOG_LEVEL_ERROR, "%s: '%s' has changed: needs a restart", fresh->path, item);
    return STATUS_DENIED;
}

enum status reload_read(const struct config *running, struct log *log, struct bundle **out)
{
    struct config *fresh = NULL;
    struct diag *diag = diag_create();
    if (!diag) {
        log_write(log, LOG_LEVEL_ERROR, "out of memory; the configuration stays as it was");
        return STATUS_SYSTEM;
    }
    enum status status = config_read(running->path, diag, &fresh);
    diag_sort(diag);
    diagnose(diag, log);
    diag_destroy(diag);
    if (status == STATUS_OK) {
        status = check(running, fresh, log);
        if (status == STATUS_OK)
            status = bundle_create(fresh, log, out);
        if (status != STATUS_OK)
            config_destroy(fresh);
    }
    if (status != STATUS_OK)
        log_write(log, LOG_LEVEL_ERROR, "%s is refused; the configuration stays as it was",
                  running->path);
    return status;
}
