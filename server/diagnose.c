#include "server/diagnose.h"

#include <stdio.h>

#define PLACE_OCTETS 1024

static const char *place_text(const struct place *place, char text[PLACE_OCTETS])
{
    if (!place->file)
        text[0] = '\0';
    else if (place->line == 0)
        snprintf(text, PLACE_OCTETS, "%s: ", place->file);
    else if (place->column == 0)
        snprintf(text, PLACE_OCTETS, "%s:%u: ", place->file, place->line);
    else
        snprintf(text, PLACE_OCTETS, "%s:%u:%u: ", place->file, place->line, place->column);
    return text;
}

static enum log_level level_of(enum severity severity)
{
    switch (severity) {
    case SEVERITY_ERROR:
        return LOG_LEVEL_ERROR;
    case SEVERITY_WARNING:
        return LOG_LEVEL_WARNING;
    case SEVERITY_NOTE:
    default:
        return LOG_LEVEL_INFO;
    }
}

void diagnose(const struct diag *diag, struct log *log)
{
    for (size_t i = 0; i < diag_total(diag); i++) {
        const struct diagnostic *d = diag_at(diag, i);
        char place[PLACE_OCTETS];
        log_write(log, level_of(d->severity), "%s%s%s%s%s", place_text(&d->place, place),
                  d->message, d->rule ? " [" : "", d->rule ? d->rule : "", d->rule ? "]" : "");
    }
    if (diag_lost(diag) > 0)
        log_write(log, LOG_LEVEL_ERROR, "out of memory: what is wrong cannot be said in full");
}
