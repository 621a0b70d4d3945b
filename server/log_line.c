#include "server/log_line.h"

#include "conf/utf8.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What always fits after a cut: the end of a JSON object and a line feed. */
#define TAIL_OCTETS 4

struct line {
    char *start;
    size_t length;
    size_t limit;
    bool full; /* something did not fit; nothing follows it but the tail */
};

static struct line line_of(char octets[LOG_LINE_OCTETS])
{
    return (struct line){octets, 0, LOG_LINE_OCTETS - TAIL_OCTETS, false};
}

static void put(struct line *line, const char *octets, size_t length)
{
    if (line->full || line->limit - line->length < length) {
        line->full = true;
        return;
    }
    memcpy(line->start + line->length, octets, length);
    line->length += length;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void __attribute__((format(printf, 2, 3)))
put_format(struct line *line, const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        put(line, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* Ends a line, cut or not. */
static size_t finish(struct line *line, const char *tail)
{
    line->full = false;
    line->limit = LOG_LINE_OCTETS;
    put_text(line, tail);
    return line->length;
}

/* Puts `text` such that it stays on its line and within its JSON string. */
static void put_escaped(struct line *line, const char *text, bool json)
{
    for (size_t left = strlen(text); left > 0;) {
        uint32_t character = 0;
        size_t octets = utf8_decode(text, left, &character);
        if (octets == 0 || utf8_is_control(character) || utf8_is_bidi_control(character)) {
            octets = octets > 0 ? octets : 1;
            for (size_t i = 0; i < octets; i++)
                put_format(line, json ? "\\\\x%02x" : "\\x%02x", (unsigned)(uint8_t)text[i]);
        } else if (json && (character == '"' || character == '\\')) {
            put(line, character == '"' ? "\\\"" : "\\\\", 2);
        } else {
            put(line, text, octets);
        }
        text += octets;
        left -= octets;
    }
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_DEBUG:
        return "debug";
    case LOG_LEVEL_INFO:
    default:
        return "info";
    }
}

static void put_time(struct line *line, const struct timespec *time)
{
    struct tm utc = {0};
    gmtime_r(&time->tv_sec, &utc);
    put_format(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
               utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (int)(time->tv_nsec / 1000000));
}

size_t log_line_text(char octets[LOG_LINE_OCTETS], const struct log_event *event)
{
    struct line line = line_of(octets);
    put_time(&line, &event->time);
    put_format(&line, " %s ", level_name(event->level));
    put_escaped(&line, event->message, false);
    return finish(&line, "\n");
}

/* Puts ,"name":"value", whole or, once it does not fit, not at all. */
static void put_field(struct line *line, const struct log_field *field)
{
    size_t before = line->length;
    put_text(line, ",\"");
    put_text(line, field->name);
    put_text(line, "\":\"");
    put_escaped(line, field->value, true);
    put_text(line, "\"");
    if (line->full)
        line->length = before;
}

static void put_object(struct line *line, const struct log_event *event)
{
    put_text(line, "{\"ts\":\"");
    put_time(line, &event->time);
    put_format(line, "\",\"level\":\"%s\",\"msg\":\"", level_name(event->level));
    put_escaped(line, event->message, true);
    /* The string ends also where its text was cut. */
    bool cut = line->full;
    line->full = false;
    line->limit += 1;
    put_text(line, "\"");
    line->limit -= 1;
    line->full = cut || line->length > line->limit;
    for (const struct log_field *field = event->fields; field && field->name && !line->full;
         field++)
        put_field(line, field);
}

size_t log_line_json(char octets[LOG_LINE_OCTETS], const struct log_event *event)
{
    struct line line = line_of(octets);
    put_object(&line, event);
    return finish(&line, "}\n");
}

/* Facility daemon (3) and the severities of RFC 3164 §4.1.1. */
static int priority_of(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return 3 * 8 + 3;
    case LOG_LEVEL_WARNING:
        return 3 * 8 + 4;
    case LOG_LEVEL_DEBUG:
        return 3 * 8 + 7;
    case LOG_LEVEL_INFO:
    default:
        return 3 * 8 + 6;
    }
}

size_t log_line_syslog(char octets[LOG_LINE_OCTETS], const struct log_event *event,
                       enum log_format format, const struct tm *local, pid_t pid)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct line line = line_of(octets);
    put_format(&line, "<%d>%s %2d %02d:%02d:%02d contactd[%d]: ", priority_of(event->level),
               months[(unsigned)local->tm_mon % 12], local->tm_mday, local->tm_hour, local->tm_min,
               local->tm_sec, (int)pid);
    if (format == LOG_FORMAT_TEXT) {
        put_escaped(&line, event->message, false);
        return finish(&line, "");
    }
    put_object(&line, event);
    return finish(&line, "}");
}
