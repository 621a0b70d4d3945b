#include "server/reload.h"

#include "server/diagnose.h"

#include <stdio.h>
#include <stdlib.h>

static enum status check(const struct config *running, const struct config *fresh, struct log *log)
{
    const char *item = config_needs_restart(running, fresh);
    if (!item)
        return STATUS_OK;
    log_write(log, LOG_LEVEL_ERROR, "%s: '%s' has changed: needs a restart", fresh->path, item);
    return STATUS_DENIED;
}

static void hear(const struct diag *diag, struct text *heard)
{
    char *printed = NULL;
    size_t octets = 0;
    FILE *stream = open_memstream(&printed, &octets);
    if (!stream)
        return;
    diag_print(diag, DIAG_GNU, stream);
    if (fclose(stream) == 0)
        text_add(heard, "%s", printed);
    free(printed);
}

static enum status read_file(const struct config *running, const struct opener *opener,
                             struct log *log, struct text *heard, struct config **fresh)
{
    struct diag *diag = diag_create();
    enum status status = diag ? config_read_by(running->path, opener, diag, fresh) : STATUS_SYSTEM;
    if (diag) {
        diag_sort(diag);
        diagnose(diag, log);
        hear(diag, heard);
    }
    diag_destroy(diag);
    return status;
}

/* `log` overhears. */
static enum status make_bundle(const struct bundle *running, struct config *fresh, struct log *log,
                               struct bundle **out)
{
    enum status status = check(running->config, fresh, log);
    if (status == STATUS_OK)
        status = bundle_create(fresh, running, log, out);
    if (status != STATUS_OK)
        config_destroy(fresh);
    return status;
}

enum status reload_read(const struct bundle *running, const struct opener *opener, struct log *log,
                        struct text *heard, struct bundle **out)
{
    struct config *fresh = NULL;
    struct log *both = log_overhear(log, heard);
    enum status status =
        both ? read_file(running->config, opener, log, heard, &fresh) : STATUS_SYSTEM;
    if (status == STATUS_SYSTEM)
        log_write(both ? both : log, LOG_LEVEL_ERROR, "out of memory");
    else if (status == STATUS_OK)
        status = make_bundle(running, fresh, both, out);
    log_destroy(both);
    if (status != STATUS_OK)
        log_write(log, LOG_LEVEL_ERROR, "%s is refused; the configuration stays as it was",
                  running->config->path);
    return status;
}
