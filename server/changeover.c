#include "server/changeover.h"

#include "server/reload.h"
#include "server/ticks.h"

void changeover_start(struct changeover *change, struct bundle *bundle)
{
    *change = (struct changeover){.bundle = bundle, .loaded_ms = ticks_now()};
}

void changeover_clear(struct changeover *change)
{
    bundle_destroy(change->retiring);
    bundle_destroy(change->bundle);
    text_clear(&change->heard);
    text_clear(&change->last.heard);
    text_clear(&change->refusal.heard);
}

/* A reload has come to its end. What was heard of it is kept for those who ask. */
static void conclude(struct changeover *change, bool refused, struct text heard)
{
    text_clear(&change->last.heard);
    change->last.number++;
    change->last.refused = refused;
    change->last.when_ms = ticks_now();
    change->last.heard = heard;
    text_clear(&change->refusal.heard);
    change->refusal = (struct reload_outcome){0};
    if (!refused)
        return;
    change->refusal = change->last;
    change->refusal.heard = (struct text){0};
    text_add(&change->refusal.heard, "%s", heard.octets ? heard.octets : "");
}

/* What does not keep a configuration from being used: to the log, and to who asked for it. */
static void warn(const struct changeover_parts *parts, const char *message, struct text *heard)
{
    log_write(parts->log, LOG_LEVEL_ERROR, "%s", message);
    text_add(heard, "warning: %s\n", message);
}

/* The control socket's group and mode, and what has to stay closed to the server. */
static void permit(const struct changeover_parts *parts, const struct config *config,
                   struct text *heard)
{
    char message[CONTROL_MESSAGE_OCTETS];
    enum status status =
        parts->keeper ? keeper_permit(parts->keeper, &config->server, message)
                      : control_socket_permit(parts->control_socket, &config->server, message);

    if (status != STATUS_OK)
        warn(parts, message, heard);
    if (parts->keeper && keeper_close(parts->keeper, config, message) != STATUS_OK)
        warn(parts, message, heard);
}

/* The parts of the main thread take it; where memory is out, some may stay as they were. */
static enum status configure(const struct changeover_parts *parts, const struct bundle *fresh,
                             struct text *heard)
{
    const struct config *config = fresh->config;

    if (watch_configure(parts->watch, config) != STATUS_OK) {
        log_write(parts->log, LOG_LEVEL_ERROR, "out of memory; the configuration stays as it was");
        return STATUS_SYSTEM;
    }
    if (notify_configure(parts->notify, config, fresh->keyring) != STATUS_OK ||
        transfers_configure(parts->transfers, config) != STATUS_OK)
        log_write(parts->log, LOG_LEVEL_ERROR, "out of memory; secondaries stay as they were");
    permit(parts, config, heard);
    return STATUS_OK;
}

/* Of certificates that are about to end: to the log, and to who has asked for the reload. */
static void warn_of_certificates(struct log *log, const struct bundle *fresh, struct text *heard)
{
    struct log *both = log_overhear(log, heard);
    bundle_warn(fresh, both ? both : log);
    log_destroy(both);
}

enum status changeover_begin(struct changeover *change, const struct changeover_parts *parts)
{
    struct bundle *fresh = NULL;
    struct text heard = {0};

    enum status status =
        reload_read(change->bundle, parts->keeper ? keeper_opener(parts->keeper) : NULL, parts->log,
                    &heard, &fresh);
    if (status == STATUS_OK && configure(parts, fresh, &heard) != STATUS_OK) {
        bundle_destroy(fresh);
        status = STATUS_SYSTEM;
    }
    if (status != STATUS_OK) {
        conclude(change, true, heard);
        return status;
    }
    log_configure(parts->log, &fresh->config->log);
    warn_of_certificates(parts->log, fresh, &heard);
    change->heard = heard;
    change->loading_ms = ticks_now();
    change->retiring = change->bundle;
    change->bundle = fresh;
    for (size_t i = 0; i < parts->worker_count; i++)
        worker_post_bundle(parts->workers[i], fresh);
    return STATUS_OK;
}

bool changeover_end(struct changeover *change, const struct changeover_parts *parts)
{
    if (!change->retiring)
        return false;
    for (size_t i = 0; i < parts->worker_count; i++) {
        if (worker_bundle(parts->workers[i]) != change->bundle)
            return false;
    }
    bundle_destroy(change->retiring);
    change->retiring = NULL;
    change->loaded_ms = change->loading_ms;
    conclude(change, false, change->heard);
    change->heard = (struct text){0};
    log_write(parts->log, LOG_LEVEL_INFO, "configuration %s reloaded",
              change->bundle->config->path);
    return true;
}
