#include "server/notify_progress.h"

#include "wire/serial.h"

#include <stddef.h>

#define SECOND_MS      1000
#define MINUTE_MS      60000
#define HOUR_MS        3600000
#define FIRST_CHECK_MS 300 /* most secondaries have the zone by then */
#define TELL_AGAIN_MS  MINUTE_MS
#define ASK_TOO_AFTER  5
#define QUICK_CHECKS   5 /* after 0, 1, 3, 7, 15 s */

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/*
 * 1, 2, 4 … 60 s; never less than a sixtieth of the time that it has been behind, never more than
 * an hour. That age does not hold up the checks of the first half minute after a response: one that
 * was away for a week is in step a moment after it is back.
 */
static int64_t interval_ms(const struct notify_progress *p, int64_t now_ms)
{
    int64_t doubled = clamp(p->attempts < 7 ? SECOND_MS << p->attempts : MINUTE_MS, 0, MINUTE_MS);
    int64_t by_age = clamp((now_ms - p->behind_ms) / 60, 0, HOUR_MS);
    bool quick = p->phase == NOTIFY_CHECKING && p->attempts < QUICK_CHECKS;
    return quick || doubled > by_age ? doubled : by_age;
}

static void enter(struct notify_progress *p, enum notify_phase phase, int64_t due_ms,
                  int64_t now_ms)
{
    p->phase = phase;
    p->phase_ms = now_ms;
    p->due_ms = due_ms;
    p->attempts = 0;
}

void notify_progress_want(struct notify_progress *p, uint32_t serial, int64_t now_ms)
{
    if (p->phase != NOTIFY_IDLE && p->wanted == serial)
        return;
    if (p->phase == NOTIFY_IDLE || p->phase == NOTIFY_IN_STEP) {
        p->behind_ms = now_ms;
        p->complained = false;
    }
    p->wanted = serial;
    enter(p, NOTIFY_TELLING, now_ms, now_ms);
}

static bool must_complain(struct notify_progress *p, int64_t now_ms)
{
    if (p->complained || now_ms - p->behind_ms < NOTIFY_COMPLAIN_MS)
        return false;
    p->complained = true;
    return true;
}

unsigned notify_progress_due(struct notify_progress *p, uint32_t random, int64_t now_ms)
{
    if (p->phase == NOTIFY_IDLE || p->phase == NOTIFY_IN_STEP || now_ms < p->due_ms)
        return 0;
    if (p->phase == NOTIFY_CHECKING && now_ms - p->phase_ms >= TELL_AGAIN_MS)
        enter(p, NOTIFY_TELLING, now_ms, now_ms);
    unsigned actions = p->phase == NOTIFY_TELLING ? NOTIFY_TELL : NOTIFY_ASK;
    if (p->phase == NOTIFY_TELLING && p->attempts >= ASK_TOO_AFTER)
        actions |= NOTIFY_ASK;
    if (must_complain(p, now_ms))
        actions |= NOTIFY_COMPLAIN;
    if (p->attempts == 0) {
        p->tell_id = (uint16_t)random;
        p->ask_id = (uint16_t)(random >> 16);
    }
    p->due_ms = now_ms + interval_ms(p, now_ms);
    p->attempts++;
    return actions;
}

bool notify_progress_told(struct notify_progress *p, uint16_t id, unsigned rcode, int64_t now_ms)
{
    if (p->phase != NOTIFY_TELLING || p->attempts == 0 || id != p->tell_id)
        return false;
    p->rcode = rcode;
    enter(p, NOTIFY_CHECKING, now_ms + FIRST_CHECK_MS, now_ms);
    return true;
}

bool notify_progress_answered(struct notify_progress *p, uint16_t id, unsigned rcode,
                              const uint32_t *serial, int64_t now_ms)
{
    bool waiting =
        p->phase == NOTIFY_CHECKING || (p->phase == NOTIFY_TELLING && p->attempts > ASK_TOO_AFTER);
    if (!waiting || id != p->ask_id)
        return false;
    p->rcode = rcode;
    p->answers = true;
    p->has_served = serial != NULL;
    if (!serial)
        return false;
    p->served = *serial;
    if (p->served != p->wanted && !serial_is_newer(p->served, p->wanted))
        return false;
    enter(p, NOTIFY_IN_STEP, INT64_MAX, now_ms);
    p->in_step_ms = now_ms;
    return true;
}
