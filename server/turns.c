#include "server/turns.h"

#include <event2/event.h>
#include <stdlib.h>

/* libevent gives its events the middle one, unless they are told otherwise. */
#define PRIORITIES  3
#define LAST_TO_RUN 2

TAILQ_HEAD(turn_list, turn);

struct turns {
    struct event *idle;  /* runs when nothing else is to be done */
    struct event *floor; /* a timer, running while anybody waits */
    bool had_one;        /* since that last fired */
    bool front_had_one;  /* the last was of those in front */
    struct turn_list front;
    struct turn_list waiting;
};

static struct turn_list *list_of(struct turns *turns, const struct turn *turn)
{
    return turn->in_front ? &turns->front : &turns->waiting;
}

/* Whose turn it is, or NULL. Those in front come from clients that were let in already: if they
 * went first each time, a few hundred that send octet after octet would keep everybody else out. */
static struct turn *next_of(struct turns *turns)
{
    struct turn *front = TAILQ_FIRST(&turns->front);
    struct turn *behind = TAILQ_FIRST(&turns->waiting);
    if (!front || !behind)
        return front ? front : behind;
    return turns->front_had_one ? behind : front;
}

/* Not event_active(): the loop would run it again before it looks for anything else to do. */
static void wait_for_idle(struct turns *turns)
{
    const struct timeval at_once = {0, 0};
    if (!event_pending(turns->idle, EV_TIMEOUT, NULL))
        event_add(turns->idle, &at_once);
}

static void run_first(struct turns *turns)
{
    struct turn *turn = next_of(turns);
    if (turn) {
        turns->front_had_one = turn->in_front;
        turns_remove(turns, turn);
        turn->run(turn);
    }
    if (next_of(turns))
        wait_for_idle(turns);
}

static void on_idle(evutil_socket_t fd, short what, void *arg)
{
    struct turns *turns = arg;
    (void)fd;
    (void)what;
    turns->had_one = true;
    run_first(turns);
}

static void on_floor(evutil_socket_t fd, short what, void *arg)
{
    struct turns *turns = arg;
    (void)fd;
    (void)what;
    if (!next_of(turns)) {
        event_del(turns->floor);
        return;
    }
    if (!turns->had_one)
        run_first(turns);
    turns->had_one = false;
}

enum status turns_prepare(struct event_base *base)
{
    return event_base_priority_init(base, PRIORITIES) == 0 ? STATUS_OK : STATUS_SYSTEM;
}

struct turns *turns_create(struct event_base *base)
{
    struct turns *turns = calloc(1, sizeof *turns);
    if (!turns)
        return NULL;
    TAILQ_INIT(&turns->front);
    TAILQ_INIT(&turns->waiting);
    turns->idle = event_new(base, -1, 0, on_idle, turns);
    turns->floor = event_new(base, -1, EV_PERSIST, on_floor, turns);
    if (!turns->idle || !turns->floor) {
        turns_destroy(turns);
        return NULL;
    }
    (void)event_priority_set(turns->idle, LAST_TO_RUN); /* fails without turns_prepare() */
    return turns;
}

void turns_destroy(struct turns *turns)
{
    if (!turns)
        return;
    if (turns->idle)
        event_free(turns->idle);
    if (turns->floor)
        event_free(turns->floor);
    free(turns);
}

void turns_add(struct turns *turns, struct turn *turn, bool in_front)
{
    const struct timeval interval = {0, TURNS_FLOOR_MS * 1000};
    if (turn->waits)
        return;
    turn->waits = true;
    turn->in_front = in_front;
    TAILQ_INSERT_TAIL(list_of(turns, turn), turn, link);
    wait_for_idle(turns);
    if (!event_pending(turns->floor, EV_TIMEOUT, NULL))
        event_add(turns->floor, &interval);
}

void turns_remove(struct turns *turns, struct turn *turn)
{
    if (turn->waits)
        TAILQ_REMOVE(list_of(turns, turn), turn, link);
    turn->waits = false;
}
