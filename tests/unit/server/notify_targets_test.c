#include "tests/unit/check.h"

#include "server/notify_targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMOTES 20
#define ZONES   15

/* A configuration of ZONES zones; remote n has n % 3 + 1 addresses, IPv4 and IPv6. */
struct sample {
    struct config config;
    struct config_zone zones[ZONES];
    struct config_remote remotes[REMOTES];
    const struct config_remote *notify[REMOTES];
    struct endpoint addresses[REMOTES][3];
    char ids[REMOTES][8];
};

static struct endpoint address_of(unsigned remote, unsigned n)
{
    struct endpoint e = {0};
    if (n == 1) {
        e.address.v6.sin6_family = AF_INET6;
        e.address.v6.sin6_addr.s6_addr[15] = (uint8_t)remote;
        e.address.v6.sin6_port = htons(53);
        e.length = sizeof e.address.v6;
        return e;
    }
    e.address.v4.sin_family = AF_INET;
    e.address.v4.sin_addr.s_addr = htonl(0xc0000200u + remote);
    e.address.v4.sin_port = htons((uint16_t)(53 + n));
    e.length = sizeof e.address.v4;
    return e;
}

static void make(struct sample *s, unsigned remotes, unsigned zones)
{
    memset(s, 0, sizeof *s);
    for (unsigned r = 0; r < remotes; r++) {
        snprintf(s->ids[r], sizeof s->ids[r], "ns%u", r);
        s->remotes[r] = (struct config_remote){
            .id = s->ids[r], .address_count = r % 3 + 1, .addresses = s->addresses[r]};
        for (unsigned n = 0; n < 3; n++)
            s->addresses[r][n] = address_of(r, n);
        s->notify[r] = &s->remotes[r];
    }
    for (unsigned z = 0; z < zones; z++) {
        char text[16];
        int length = snprintf(text, sizeof text, "z%u.example", z);
        assert_int_equal(name_from_text(&s->zones[z].domain, text, (size_t)length), STATUS_OK);
        s->zones[z].notify_count = remotes;
        s->zones[z].notify = s->notify;
        s->zones[z].refresh = 60;
    }
    s->config.zone_count = zones;
    s->config.zones = s->zones;
}

static void every_address_is_found_for_every_zone(void **state)
{
    (void)state;
    static struct sample s;
    struct notify_targets *all = NULL;
    make(&s, REMOTES, ZONES);
    assert_int_equal(notify_targets_create(&s.config, NULL, &all), STATUS_OK);
    assert_int_equal(all->zone_count, ZONES);
    for (size_t i = 0; i < all->count; i++) {
        struct name name = all->zones[all->targets[i].zone].apex;
        name.octets[1] = 'Z';
        assert_ptr_equal(notify_targets_find(all, &all->targets[i].address, &name, NULL),
                         &all->targets[i]);
        assert_null(notify_targets_find(all, &all->targets[i].address, &name, &all->targets[i]));
        assert_int_equal(all->targets[i].progress.interval_ms, 60000);
    }
    struct endpoint stranger = address_of(REMOTES + 1, 0);
    assert_null(notify_targets_find(all, &stranger, &s.zones[0].domain, NULL));
    for (size_t z = 0; z < ZONES; z++) {
        for (size_t hint = 0; hint < ZONES; hint++)
            assert_ptr_equal(notify_targets_zone(all, &s.zones[z].domain, hint), &all->zones[z]);
    }
    notify_targets_destroy(all);
}

static void two_remotes_at_one_address_are_both_found(void **state)
{
    (void)state;
    static struct sample s;
    struct notify_targets *all = NULL;
    make(&s, 2, 1);
    s.addresses[1][0] = s.addresses[0][0];
    assert_int_equal(notify_targets_create(&s.config, NULL, &all), STATUS_OK);
    const struct endpoint *at = &s.addresses[0][0];
    struct notify_target *first = notify_targets_find(all, at, &s.zones[0].domain, NULL);
    struct notify_target *second = notify_targets_find(all, at, &s.zones[0].domain, first);
    assert_string_equal(first->remote, "ns0");
    assert_string_equal(second->remote, "ns1");
    assert_null(notify_targets_find(all, at, &s.zones[0].domain, second));
    notify_targets_destroy(all);
}

static void what_is_known_outlives_a_configuration(void **state)
{
    (void)state;
    static struct sample s, fewer;
    struct notify_targets *before = NULL, *after = NULL;
    make(&s, REMOTES, ZONES);
    make(&fewer, 3, 2);
    /* The zones in another order, one of them new. */
    fewer.zones[0].domain = s.zones[7].domain;
    fewer.zones[1].domain.octets[2] = 'x';
    assert_int_equal(notify_targets_create(&s.config, NULL, &before), STATUS_OK);
    for (size_t i = 0; i < before->count; i++)
        notify_progress_want(&before->targets[i].progress, (uint32_t)before->targets[i].zone, 5);
    before->zones[7].known = true;
    assert_int_equal(notify_targets_create(&fewer.config, before, &after), STATUS_OK);
    assert_true(after->zones[0].known);
    assert_false(after->zones[1].known);
    assert_int_equal(after->count, 2 * (1 + 2 + 3));
    for (size_t i = 0; i < after->count; i++) {
        const struct notify_progress *p = &after->targets[i].progress;
        assert_int_equal(p->phase, after->targets[i].zone == 0 ? NOTIFY_TELLING : NOTIFY_IDLE);
        assert_int_equal(p->wanted, after->targets[i].zone == 0 ? 7 : 0);
    }
    notify_targets_destroy(before);
    notify_targets_destroy(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_is_found_for_every_zone),
        cmocka_unit_test(two_remotes_at_one_address_are_both_found),
        cmocka_unit_test(what_is_known_outlives_a_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
