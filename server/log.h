/*
 * The program's log: what happened, to stderr or to syslog. Nothing is logged per query. Safe for
 * all threads at once: a line goes out in one system call. A log that nobody reads, or that is
 * broken, never blocks and never ends the server: lines are then lost and counted.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include "conf/config.h"
#include "server/log_line.h"
#include "server/text.h"

#include <stdbool.h>
#include <stdint.h>

struct log;

/*
 * Begins to log.
 *
 *   descriptor   where LOG_TARGET_STDERR goes; stays the caller's
 *   socket       of the syslog daemon, "/dev/log"; kept by pointer
 *
 * The log, or NULL when memory is out. Call it before privileges are dropped: a pipe is opened
 * anew.
 */
struct log *log_create(const struct config_log *config, int descriptor, const char *socket);
void log_destroy(struct log *log);

/* Takes other settings from now on. */
void log_configure(struct log *log, const struct config_log *config);

/* The level alone, until the next log_configure. */
void log_set_level(struct log *log, enum log_level level);
enum log_level log_level(const struct log *log);

/*
 * A log whose lines go to `parent`, and whose errors and warnings are also added to `heard`, a line
 * each with "error: " or "warning: " before it. For one thread, and as long as both are there.
 * NULL when memory is out.
 */
struct log *log_overhear(struct log *parent, struct text *heard);

/* True when lines of this level are written. */
bool log_wants(const struct log *log, enum log_level level);

/* Logs one line; a NULL `log` swallows it. */
void log_write(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Logs one line that carries fields where the format is JSON; their list ends with a NULL name. */
void log_write_fields(struct log *log, enum log_level level, const struct log_field *fields,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* For what could be said with every packet: says it once a minute. Zero it before first use. */
struct log_pace {
    bool said;
    int64_t last_ms;
};

#define LOG_PACE_MS 60000

bool log_pace_allows(struct log_pace *pace, int64_t now_ms);

#endif
