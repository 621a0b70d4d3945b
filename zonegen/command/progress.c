#include "command/progress.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_MS 200 /* often enough to be seen moving, too rare to cost anything */
#define CLOCK_EVERY 256 /* steps between two looks at the clock */

static int64_t monotonic_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void show(struct progress *progress)
{
    fprintf(progress->out, "\r\033[K%s", progress->what);
    if (progress->count > 0)
        fprintf(progress->out, ": %" PRIu64 " %s", progress->count, progress->unit);
    fflush(progress->out);
    progress->shown = true;
    progress->next_ms = monotonic_ms() + INTERVAL_MS;
}

void progress_open(struct progress *progress, FILE *err)
{
    memset(progress, 0, sizeof *progress);
    if (isatty(fileno(err)))
        progress->out = err;
}

void progress_begin(struct progress *progress, const char *what)
{
    progress_begin_units(progress, what, "names");
}

void progress_begin_units(struct progress *progress, const char *what, const char *unit)
{
    if (progress->out == NULL)
        return;
    snprintf(progress->what, sizeof progress->what, "%s", what);
    progress->unit = unit;
    progress->count = 0;
    show(progress);
}

void progress_step(struct progress *progress)
{
    if (progress->out == NULL || ++progress->count % CLOCK_EVERY != 0)
        return;
    if (monotonic_ms() >= progress->next_ms)
        show(progress);
}

void progress_clear(struct progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r\033[K", progress->out);
    fflush(progress->out);
    progress->shown = false;
}
