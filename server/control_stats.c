/* contactctl stats: what all workers have counted since the start. */
#include "server/control_command.h"
#include "server/notify_words.h"
#include "server/statistics.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define NAME_OCTETS 64

/* "contactd_udp4_queries" for "udp4-queries": a name as Prometheus takes it. */
static void add_line(struct text *out, const char *kind, const char *name, uint64_t value)
{
    text_add(out, "contactd_%s", kind);
    for (; *name != '\0'; name++)
        text_add(out, "%c", isalnum((unsigned char)*name) ? tolower((unsigned char)*name) : '_');
    text_add(out, " %" PRIu64 "\n", value);
}

static const char *rcode_name(size_t n, char text[RCODE_TEXT_OCTETS])
{
    return n == STATISTICS_RCODES - 1 ? "other" : rcode_text((unsigned)n, text);
}

static uint64_t rcode_count(const struct statistics *total, size_t n)
{
    return atomic_load_explicit(&total->rcodes[n], memory_order_relaxed);
}

/* Those that a server of zones sends are always there, others when there is something to count. */
static bool is_shown(const struct statistics *total, size_t n)
{
    static const unsigned usual[] = {0, 1, 2, 3, 4, 5, 9};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if (n == usual[i])
            return true;
    }
    return rcode_count(total, n) > 0;
}

static void print_text(struct text *out, const struct statistics *total)
{
    char name[RCODE_TEXT_OCTETS];
    for (int i = 0; i < STATISTICS_COUNTS; i++)
        add_line(out, "", statistics_name((enum statistic)i),
                 statistics_get(total, (enum statistic)i));
    for (size_t n = 0; n < STATISTICS_RCODES; n++) {
        if (is_shown(total, n))
            add_line(out, "rcode_", rcode_name(n, name), rcode_count(total, n));
    }
}

static void print_json(struct text *out, const struct statistics *total)
{
    char name[RCODE_TEXT_OCTETS];
    for (int i = 0; i < STATISTICS_COUNTS; i++) {
        text_json_name(out, statistics_name((enum statistic)i));
        text_json_number(out, statistics_get(total, (enum statistic)i));
    }
    text_json_name(out, "rcodes");
    text_json_open(out, '{');
    for (size_t n = 0; n < STATISTICS_RCODES; n++) {
        if (!is_shown(total, n))
            continue;
        text_json_name(out, rcode_name(n, name));
        text_json_number(out, rcode_count(total, n));
    }
    text_json_close(out, '}');
}

enum control_outcome control_stats(struct control_request *request)
{
    struct statistics total = {0};
    const struct state *state = &request->state;
    uint64_t uptime_s = (uint64_t)(state->now.ticks_ms - state->started_ms) / 1000;
    for (size_t i = 0; i < state->worker_count; i++)
        statistics_sum(&total, worker_statistics(state->workers[i]));
    if (!request->json) {
        add_line(request->out, "", "uptime-seconds", uptime_s);
        print_text(request->out, &total);
        return CONTROL_DONE;
    }
    text_json_open(request->out, '{');
    text_json_name(request->out, "uptime-seconds");
    text_json_number(request->out, uptime_s);
    print_json(request->out, &total);
    text_json_close(request->out, '}');
    text_add(request->out, "\n");
    return CONTROL_DONE;
}
