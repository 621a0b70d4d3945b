#include "tests/unit/check.h"

#include "server/transfers.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONES 2

/* ns0 at 192.0.2.1 with key 0, ns1 at 192.0.2.2 and 192.0.2.3 with keys 0 and 1. */
struct sample {
    struct config config;
    struct config_zone zones[ZONES];
    struct config_key keys[2];
    const struct config_key *named[2];
    struct endpoint addresses[3];
    struct prefix hosts[3];
    struct config_remote remotes[2];
    const struct config_remote *notify[2];
};

static struct endpoint address(const char *text)
{
    struct endpoint e = {.length = sizeof e.address.v4};
    e.address.v4.sin_family = AF_INET;
    e.address.v4.sin_port = htons(4711);
    assert_int_equal(inet_pton(AF_INET, text, &e.address.v4.sin_addr), 1);
    return e;
}

static void make(struct sample *s, size_t zones, size_t remotes)
{
    static const char *const hosts[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < 3; i++) {
        s->addresses[i] = address(hosts[i]);
        s->hosts[i] = prefix_of_address(&s->addresses[i].address.any);
    }
    s->named[0] = &s->keys[0];
    s->named[1] = &s->keys[1];
    s->remotes[0] = (struct config_remote){.id = "ns0",
                                           .address_count = 1,
                                           .addresses = s->addresses,
                                           .hosts = s->hosts,
                                           .key_count = 1,
                                           .keys = s->named};
    s->remotes[1] = (struct config_remote){.id = "ns1",
                                           .address_count = 2,
                                           .addresses = s->addresses + 1,
                                           .hosts = s->hosts + 1,
                                           .key_count = 2,
                                           .keys = s->named};
    s->notify[0] = &s->remotes[0];
    s->notify[1] = &s->remotes[1];
    for (size_t z = 0; z < zones; z++) {
        char text[16];
        int length = snprintf(text, sizeof text, "z%zu.example", z);
        assert_int_equal(name_from_text(&s->zones[z].domain, text, (size_t)length), STATUS_OK);
        s->zones[z].notify = s->notify;
        s->zones[z].notify_count = remotes;
    }
    s->config = (struct config){.zone_count = zones, .zones = s->zones};
}

static void a_client_is_known_by_its_address_before_its_key(void **state)
{
    (void)state;
    static struct sample s;
    make(&s, 1, 2);
    struct endpoint stranger = address("198.51.100.1");
    assert_string_equal(transfers_identify(&s.zones[0], &s.addresses[0], NULL).remote, "ns0");
    assert_string_equal(transfers_identify(&s.zones[0], &s.addresses[2], &s.keys[0]).remote, "ns1");
    assert_string_equal(transfers_identify(&s.zones[0], &stranger, &s.keys[1]).remote, "ns1");
    assert_string_equal(transfers_identify(&s.zones[0], &stranger, NULL).remote, "");
}

static void what_happened_is_kept_apart_by_zone_and_remote(void **state)
{
    (void)state;
    static struct sample s;
    struct transfers *all = NULL;
    make(&s, 2, 2);
    assert_int_equal(transfers_create(&all), STATUS_OK);
    assert_int_equal(transfers_configure(all, &s.config), STATUS_OK);
    struct transfers_who who[4];
    for (size_t i = 0; i < 4; i++)
        who[i] = transfers_identify(&s.zones[i / 2], &s.addresses[i % 2], NULL);
    struct transfer_seen seen = {.when_ms = 7, .serial = 17};
    transfers_note(all, &who[0], TRANSFERS_STARTS, &seen);
    transfers_note(all, &who[1], TRANSFERS_STARTS, &seen);
    transfers_note(all, &who[1], TRANSFERS_DONE, &seen);
    seen.when_ms = 8;
    transfers_note(all, &who[2], TRANSFERS_STARTS, &seen);
    transfers_note(all, &who[2], TRANSFERS_ENDED_EARLY, &seen);
    transfers_note(all, &who[3], TRANSFERS_REFUSED, &seen);
    assert_int_equal(transfers_look(all, &who[0]).running, 1);
    assert_int_equal(transfers_look(all, &who[0]).done.when_ms, 0);
    assert_int_equal(transfers_look(all, &who[1]).running, 0);
    assert_int_equal(transfers_look(all, &who[1]).done.serial, 17);
    assert_int_equal(transfers_look(all, &who[2]).failed.when_ms, 8);
    assert_int_equal(transfers_look(all, &who[2]).running, 0);
    assert_int_equal(transfers_look(all, &who[3]).failed.when_ms, 8);
    transfers_destroy(all);
}

static void a_reload_keeps_what_is_known_and_forgets_who_is_gone(void **state)
{
    (void)state;
    static struct sample s, fewer;
    struct transfers *all = NULL;
    make(&s, 2, 2);
    make(&fewer, 1, 1);
    assert_int_equal(transfers_create(&all), STATUS_OK);
    assert_int_equal(transfers_configure(all, &s.config), STATUS_OK);
    struct transfers_who stays = transfers_identify(&s.zones[0], &s.addresses[0], NULL);
    struct transfers_who goes = transfers_identify(&s.zones[1], &s.addresses[1], NULL);
    struct transfer_seen seen = {.when_ms = 7};
    transfers_note(all, &stays, TRANSFERS_STARTS, &seen);
    transfers_note(all, &goes, TRANSFERS_STARTS, &seen);
    assert_int_equal(transfers_configure(all, &fewer.config), STATUS_OK);
    transfers_note(all, &stays, TRANSFERS_DONE, &seen);
    transfers_note(all, &goes, TRANSFERS_DONE, &seen);
    assert_int_equal(transfers_look(all, &stays).done.when_ms, 7);
    assert_int_equal(transfers_look(all, &stays).running, 0);
    assert_int_equal(transfers_look(all, &goes).done.when_ms, 0);
    /* One that comes back begins anew; the end of what began before is no less than none. */
    assert_int_equal(transfers_configure(all, &s.config), STATUS_OK);
    transfers_note(all, &goes, TRANSFERS_DONE, &seen);
    assert_int_equal(transfers_look(all, &goes).running, 0);
    transfers_destroy(all);
}

static void nobody_that_is_no_remote_is_remembered(void **state)
{
    (void)state;
    struct transfers *all = NULL;
    struct transfers_who nobody = {.zone = {.octets = {0}, .length = 1}};
    struct transfer_seen seen = {.when_ms = 7};
    assert_int_equal(transfers_create(&all), STATUS_OK);
    transfers_note(NULL, &nobody, TRANSFERS_DONE, &seen);
    transfers_note(all, &nobody, TRANSFERS_DONE, &seen);
    snprintf(nobody.remote, sizeof nobody.remote, "ns0");
    transfers_note(all, &nobody, TRANSFERS_DONE, &seen); /* before any configuration */
    assert_int_equal(transfers_look(all, &nobody).done.when_ms, 0);
    transfers_destroy(all);
}

struct work {
    struct transfers *all;
    struct transfers_who who;
};

static void *work(void *arg)
{
    const struct work *w = arg;
    for (int i = 0; i < 2000; i++) {
        struct transfer_seen seen = {.when_ms = i + 1, .serial = (uint32_t)i};
        transfers_note(w->all, &w->who, TRANSFERS_STARTS, &seen);
        transfers_note(w->all, &w->who, TRANSFERS_DONE, &seen);
    }
    return NULL;
}

static void many_threads_and_reloads_at_once_lose_nothing(void **state)
{
    (void)state;
    static struct sample s;
    struct transfers *all = NULL;
    pthread_t threads[4];
    make(&s, 2, 2);
    assert_int_equal(transfers_create(&all), STATUS_OK);
    assert_int_equal(transfers_configure(all, &s.config), STATUS_OK);
    struct work w = {all, transfers_identify(&s.zones[0], &s.addresses[0], NULL)};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &w), 0);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(transfers_configure(all, &s.config), STATUS_OK);
        struct transfers_of of = transfers_look(all, &w.who);
        assert_true(of.running <= 4);
        assert_int_equal(of.done.when_ms, of.done.when_ms == 0 ? 0 : of.done.serial + 1);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(transfers_look(all, &w.who).running, 0);
    transfers_destroy(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_known_by_its_address_before_its_key),
        cmocka_unit_test(what_happened_is_kept_apart_by_zone_and_remote),
        cmocka_unit_test(a_reload_keeps_what_is_known_and_forgets_who_is_gone),
        cmocka_unit_test(nobody_that_is_no_remote_is_remembered),
        cmocka_unit_test(many_threads_and_reloads_at_once_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
