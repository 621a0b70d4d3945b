#include "server/notify_progress.h"

#include "wire/constants.h"
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
    bool quick = p->phase != NOTIFY_TELLING && p->attempts < QUICK_CHECKS;
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

static void fall_behind(struct notify_progress *p, int64_t since_ms, int64_t now_ms)
{
    p->behind_ms = since_ms;
    p->complained = false;
    enter(p, NOTIFY_TELLING, now_ms, now_ms);
}

static void note_trouble(struct notify_progress *p, enum notify_trouble trouble, int code,
                         int64_t now_ms)
{
    p->trouble = trouble;
    p->trouble_code = code;
    p->trouble_ms = now_ms;
}

void notify_progress_want(struct notify_progress *p, uint32_t serial, int64_t now_ms)
{
    if (p->phase != NOTIFY_IDLE && p->wanted == serial)
        return;
    p->wanted = serial;
    if (p->phase == NOTIFY_IDLE || p->phase == NOTIFY_IN_STEP)
        fall_behind(p, now_ms, now_ms);
    else
        enter(p, NOTIFY_TELLING, now_ms, now_ms);
}

void notify_progress_again(struct notify_progress *p, int64_t now_ms)
{
    if (p->phase == NOTIFY_IN_STEP)
        fall_behind(p, now_ms, now_ms);
    else if (p->phase != NOTIFY_IDLE)
        enter(p, NOTIFY_TELLING, now_ms, now_ms);
}

void notify_progress_rest(struct notify_progress *p)
{
    p->phase = NOTIFY_IDLE;
    p->due_ms = INT64_MAX;
}

static bool must_complain(struct notify_progress *p, int64_t now_ms)
{
    if (p->phase == NOTIFY_IN_STEP || p->complained || now_ms - p->behind_ms < NOTIFY_COMPLAIN_MS)
        return false;
    p->complained = true;
    return true;
}

/* The phase that the time has come for. */
static void move_on(struct notify_progress *p, int64_t now_ms)
{
    if (p->phase == NOTIFY_CHECKING && now_ms - p->phase_ms >= TELL_AGAIN_MS)
        enter(p, NOTIFY_TELLING, now_ms, now_ms);
    else if (p->phase == NOTIFY_IN_STEP && p->attempts >= NOTIFY_SILENT_AFTER)
        fall_behind(p, p->phase_ms, now_ms);
    else if (p->phase == NOTIFY_IN_STEP && p->attempts == 0)
        p->phase_ms = now_ms;
}

/* One more goes out; what was sent before has got no answer until now. */
static void count_message(struct notify_progress *p, unsigned actions, int64_t now_ms)
{
    bool first_question =
        p->attempts == (p->phase == NOTIFY_TELLING ? ASK_TOO_AFTER : 0) && actions & NOTIFY_ASK;
    if (actions & NOTIFY_TELL)
        p->told_ms = now_ms;
    if (first_question)
        p->asked_ms = now_ms;
    if (p->unanswered == NOTIFY_SILENT_AFTER)
        note_trouble(p, NOTIFY_SILENT, 0, now_ms);
    p->unanswered++;
}

unsigned notify_progress_due(struct notify_progress *p, uint32_t random, int64_t now_ms)
{
    if (p->phase == NOTIFY_IDLE || now_ms < p->due_ms)
        return 0;
    move_on(p, now_ms);
    unsigned actions = p->phase == NOTIFY_TELLING ? NOTIFY_TELL : NOTIFY_ASK;
    if (p->phase == NOTIFY_TELLING && p->attempts >= ASK_TOO_AFTER)
        actions |= NOTIFY_ASK;
    if (must_complain(p, now_ms))
        actions |= NOTIFY_COMPLAIN;
    if (p->attempts == 0) {
        p->tell_id = (uint16_t)random;
        p->ask_id = (uint16_t)(random >> 16);
    }
    count_message(p, actions, now_ms);
    p->due_ms = now_ms + interval_ms(p, now_ms);
    p->attempts++;
    return actions;
}

void notify_progress_unsent(struct notify_progress *p, int error, int64_t now_ms)
{
    note_trouble(p, NOTIFY_UNSENT, error, now_ms);
}

void notify_progress_distrusted(struct notify_progress *p, int error, int64_t now_ms)
{
    note_trouble(p, NOTIFY_DISTRUSTED, error, now_ms);
}

static void note_answer(struct notify_progress *p, int64_t now_ms)
{
    p->answered_ms = now_ms;
    p->unanswered = 0;
}

bool notify_progress_told(struct notify_progress *p, uint16_t id, unsigned rcode, int64_t now_ms)
{
    if (p->phase != NOTIFY_TELLING || p->attempts == 0 || id != p->tell_id)
        return false;
    note_answer(p, now_ms);
    p->response_ms = now_ms;
    p->response = rcode;
    if (rcode != RCODE_NOERROR)
        note_trouble(p, NOTIFY_REBUFFED, (int)rcode, now_ms);
    enter(p, NOTIFY_CHECKING, now_ms + FIRST_CHECK_MS, now_ms);
    return true;
}

/* When one in step is looked at next: the interval less or more up to a tenth, so that a thousand
 * that came into step together are not asked together for ever. The ID is as good as a die. */
static int64_t next_look(const struct notify_progress *p, int64_t now_ms)
{
    int64_t interval = p->interval_ms > 0 ? p->interval_ms : NOTIFY_LOOK_MS;
    return now_ms + interval - interval / 10 + interval / 5 * p->ask_id / UINT16_MAX;
}

/* What there is to say of an answer that holds no serial that counts. */
static void note_refusal(struct notify_progress *p, const struct notify_look *look, int64_t now_ms)
{
    if (look->rcode != RCODE_NOERROR)
        note_trouble(p, NOTIFY_REFUSED, (int)look->rcode, now_ms);
    else if (look->has_serial)
        note_trouble(p, NOTIFY_NO_AA, 0, now_ms);
    else
        note_trouble(p, look->truncated ? NOTIFY_TRUNCATED : NOTIFY_NO_SOA, 0, now_ms);
}

static bool is_awaited(const struct notify_progress *p, uint16_t id)
{
    bool asked = (p->phase == NOTIFY_CHECKING && p->attempts > 0) ||
                 (p->phase == NOTIFY_IN_STEP && p->attempts > 0) ||
                 (p->phase == NOTIFY_TELLING && p->attempts > ASK_TOO_AFTER);
    return asked && id == p->ask_id;
}

bool notify_progress_answered(struct notify_progress *p, uint16_t id,
                              const struct notify_look *look, int64_t now_ms)
{
    if (!is_awaited(p, id))
        return false;
    bool was_in_step = p->phase == NOTIFY_IN_STEP;
    note_answer(p, now_ms);
    p->looked_ms = now_ms;
    p->look_asked_ms = p->asked_ms;
    p->has_served = look->rcode == RCODE_NOERROR && look->has_serial && look->authoritative;
    if (!p->has_served)
        note_refusal(p, look, now_ms);
    else
        p->served = look->serial;
    if (!notify_progress_serves(p)) {
        if (was_in_step)
            fall_behind(p, now_ms, now_ms);
        return false;
    }
    enter(p, NOTIFY_IN_STEP, next_look(p, now_ms), now_ms);
    if (!was_in_step)
        p->in_step_ms = now_ms;
    return !was_in_step;
}

bool notify_progress_serves(const struct notify_progress *p)
{
    return p->has_served && (p->served == p->wanted || serial_is_newer(p->served, p->wanted));
}

enum notify_state notify_progress_state(const struct notify_progress *p, int64_t now_ms)
{
    if (p->phase == NOTIFY_IDLE)
        return NOTIFY_STATE_WAITING;
    if (p->unanswered > NOTIFY_SILENT_AFTER)
        return NOTIFY_STATE_SILENT;
    if (p->phase == NOTIFY_IN_STEP && p->attempts > 1) /* one question is out most of the time */
        return NOTIFY_STATE_CHECKING;
    if (p->phase == NOTIFY_IN_STEP)
        return p->served == p->wanted ? NOTIFY_STATE_IN_STEP : NOTIFY_STATE_AHEAD;
    if (now_ms - p->behind_ms >= MINUTE_MS && p->answered_ms >= p->behind_ms)
        return NOTIFY_STATE_BEHIND;
    return p->phase == NOTIFY_TELLING ? NOTIFY_STATE_TOLD : NOTIFY_STATE_CHECKING;
}
