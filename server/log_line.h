/*
 * One event as one line of log. Pure: knows the forms, neither clock nor descriptor. Whatever came
 * from the net or from a file may stand in a message: what could move a terminal's cursor, start a
 * new line or end a JSON string is escaped here and nowhere else.
 */
#ifndef SERVER_LOG_LINE_H
#define SERVER_LOG_LINE_H

#include "conf/config.h"

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* PIPE_BUF of Linux: a write of up to this many octets into a pipe is never mixed with another. */
#define LOG_LINE_OCTETS 4096

/* A key of JSON with its value; a list of them ends with a NULL name. */
struct log_field {
    const char *name; /* [a-z_]+ */
    const char *value;
};

struct log_event {
    struct timespec time; /* UTC */
    enum log_level level;
    const char *message;
    const struct log_field *fields; /* NULL: none. They show in JSON; the message tells them too */
};

/*
 * Writes the line with its final line feed, without a NUL, and returns its octets. A line that
 * would be longer is cut; JSON is well-formed all the same.
 *
 *   text    2026-11-22T13:00:00.123Z info message
 *   json    {"ts":"2026-11-22T13:00:00.123Z","level":"info","msg":"message","zone":"cc.example"}
 *
 * Control characters, and octets that are not UTF-8, become \xHH; the backslash itself is doubled
 * in JSON only, where the grammar asks for it.
 */
size_t log_line_text(char octets[LOG_LINE_OCTETS], const struct log_event *event);
size_t log_line_json(char octets[LOG_LINE_OCTETS], const struct log_event *event);

/*
 * Writes a datagram for /dev/log as syslog(3) of glibc sends it (RFC 3164 form, facility daemon),
 * without a line feed: <30>Nov 22 13:00:00 contactd[123]: message. With LOG_FORMAT_JSON the message
 * is the JSON object.
 *
 *   local   the event's time as local time, as syslog wants it
 */
size_t log_line_syslog(char octets[LOG_LINE_OCTETS], const struct log_event *event,
                       enum log_format format, const struct tm *local, pid_t pid);

#endif
