#include "tests/bench/window.h"

#include "wire/constants.h"
#include "wire/record.h"

#include <stdlib.h>
#include <string.h>

#define BIN_NS ((int64_t)200) /* of the latency histogram */
#define BINS   (1 << 20)      /* up to 0.2 s */
#define NONE   WINDOW_MAX

static void push(struct window *window, size_t number)
{
    window->slots[number].next = window->idle[number % window->lanes];
    window->idle[number % window->lanes] = number;
}

bool window_set_up(struct window *window)
{
    for (size_t lane = 0; lane < window->lanes; lane++)
        window->idle[lane] = NONE;
    for (size_t i = 0; i < window->size; i++) {
        window->slots[i].id = (uint16_t)i;
        push(window, i);
    }
    window->last_ns = window->start_ns;
    window->bins = calloc(BINS, sizeof *window->bins);
    if (window->once) {
        window->records = malloc(window->queries.count * WINDOW_RECORD_OCTETS);
        if (window->records)
            memset(window->records, 0xff, window->queries.count * WINDOW_RECORD_OCTETS);
    }
    return window->bins && (!window->once || window->records);
}

void window_free(struct window *window)
{
    free(window->bins);
    free(window->records);
}

/* When the next query is to be asked. */
static int64_t due(const struct window *window, int64_t now)
{
    if (window->rate == 0)
        return now;
    return window->start_ns + (int64_t)((double)window->sent * 1e9 / window->rate);
}

/* A server that cannot keep up with a rate is given twice the time, not more. */
static bool has_more(const struct window *window, int64_t now)
{
    if (window->once)
        return window->sent < window->queries.count;
    return due(window, now) < window->end_ns && now < 2 * window->end_ns - window->start_ns;
}

bool window_is_open(const struct window *window, int64_t now)
{
    return window->outstanding > 0 || has_more(window, now);
}

struct slot *window_next(struct window *window, size_t lane, int64_t now)
{
    int64_t when = due(window, now);

    if (window->idle[lane] == NONE || when > now || !has_more(window, now))
        return NULL;
    struct slot *slot = &window->slots[window->idle[lane]];
    window->idle[lane] = slot->next;
    slot->query = window->sent++ % window->queries.count;
    const struct iovec *query = &window->queries.each[slot->query];
    slot->busy = true;
    slot->sent_ns = when;
    slot->id = (uint16_t)(slot->id + WINDOW_MAX);
    slot->octets = query->iov_len;
    memcpy(slot->message, query->iov_base, query->iov_len);
    slot->message[0] = (uint8_t)(slot->id >> 8);
    slot->message[1] = (uint8_t)slot->id;
    window->outstanding++;
    return slot;
}

static void note(struct window *window, const struct slot *slot, const struct header *header)
{
    uint8_t *record = window->records + slot->query * WINDOW_RECORD_OCTETS;

    record[0] = header->flags & 0xf;
    record[1] = (uint8_t)((header->flags & (HEADER_AA | HEADER_TC)) >> 8);
    record[2] = (uint8_t)(header->ancount >> 8);
    record[3] = (uint8_t)header->ancount;
}

static void release(struct window *window, size_t number)
{
    window->slots[number].busy = false;
    window->outstanding--;
    push(window, number);
}

void window_take(void *context, const uint8_t *message, size_t octets, int64_t now)
{
    struct window *window = context;
    struct reader r = reader_of(message, octets);
    struct header header = header_read(&r);
    struct slot *slot = &window->slots[header.id % WINDOW_MAX];

    if (r.failed || !(header.flags & HEADER_QR) || !slot->busy || slot->id != header.id) {
        window->strange++;
        return;
    }
    int64_t took = now - slot->sent_ns;
    window->bins[took / BIN_NS < BINS ? took / BIN_NS : BINS - 1]++;
    if (took > window->slowest_ns)
        window->slowest_ns = took;
    window->rcodes[header.flags & 0xf]++;
    window->answered++;
    window->last_ns = now;
    if (window->records)
        note(window, slot, &header);
    release(window, header.id % WINDOW_MAX);
}

void window_give_up(struct window *window, size_t lane)
{
    for (size_t i = lane; i < window->size; i += window->lanes) {
        if (!window->slots[i].busy)
            continue;
        release(window, i);
        window->lost++;
    }
}

double window_percentile(const struct window *window, double share)
{
    double wanted = share * (double)window->answered;
    double seen = 0;

    for (int64_t bin = 0; bin < BINS; bin++) {
        seen += window->bins[bin];
        if (seen >= wanted)
            return (double)((bin + 1) * BIN_NS) / 1e3;
    }
    return 0;
}
