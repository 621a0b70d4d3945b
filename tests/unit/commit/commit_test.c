/* When the serial moves, what is written, what is left alone. */
#include "tests/unit/commit/published.h"
#include "tests/unit/zone/golden.h"

#include "store/key.h"

#define NOW 1795352400 /* 2026-11-22T13:00:00Z */

static void the_first_serial_is_the_rules_value(void **state)
{
    static const uint32_t expected[] = {
        [SERIAL_UNIXTIME] = NOW, [SERIAL_COUNTER] = 1, [SERIAL_DATE] = 2026112200u};
    (void)state;
    for (int policy = SERIAL_UNIXTIME; policy <= SERIAL_DATE; policy++) {
        struct published p;
        published_start(&p);
        add_xanadu(&p.f);
        p.f.zone.serial = (enum serial_policy)policy;
        struct commit_result result = publish(&p, NOW, NULL);
        assert_true(result.created && result.changed);
        assert_int_equal(result.serial, expected[policy]);
        assert_zonemd_fits(p.store, "cc.example");
        published_end(&p);
    }
}

static void unchanged_contents_write_nothing_and_keep_the_serial(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish(&p, NOW, NULL);
    uint64_t change = store_last_change(p.store);
    struct commit_result result = publish(&p, NOW + 100000, NULL);
    assert_false(result.changed);
    assert_int_equal(result.serial, NOW);
    assert_int_equal(store_last_change(p.store), change);
    published_end(&p);
}

static void change_contact(struct published *p)
{
    p->f.contacts[0][0].name = "Xanadu incident response";
}

static void add_one_contact(struct published *p)
{
    add_contact(&p->f, 0, "night", ROLE_CSIRT);
}

static void delete_contact(struct published *p)
{
    p->f.entries[0].contact_count--;
}

static void add_one_entry(struct published *p)
{
    add_entry(&p->f, "contacts/xb.yaml", "xb", "Somewhere");
    add_contact(&p->f, 1, "noc", ROLE_SECURITY);
}

static void delete_entry(struct published *p)
{
    p->f.all.entry_count--;
}

static void change_retry(struct published *p)
{
    p->f.zone.retry++;
}

static void change_minimum(struct published *p)
{
    p->f.zone.negative_ttl++;
}

static void change_ttl(struct published *p)
{
    p->f.zone.ttl++;
}

static void change_nameserver(struct published *p)
{
    p->f.nameservers[0].name = name_of("ns3.example.net");
}

static void switch_zonemd(struct published *p)
{
    p->f.zone.zonemd = !p->f.zone.zonemd;
}

static void turn_stale(struct published *p)
{
    p->f.rules.today += 181;
}

static void every_kind_of_change_moves_the_serial(void **state)
{
    static void (*const changes[])(struct published * p) = {
        change_contact,    add_one_contact, delete_contact, add_one_entry,
        delete_entry,      change_retry,    change_minimum, change_ttl,
        change_nameserver, switch_zonemd,   switch_zonemd,  turn_stale,
    };
    struct published p;
    int64_t now = NOW;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish(&p, now, NULL);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint32_t old = (uint32_t)now;
        changes[i](&p);
        now += 60;
        struct commit_result result = publish(&p, now, NULL);
        assert_false(result.created);
        assert_true(result.changed);
        assert_int_equal(result.old_serial, old);
        assert_int_equal(result.serial, now);
        if (p.f.zone.zonemd)
            assert_zonemd_fits(p.store, "cc.example");
        assert_false(publish(&p, now + 1, NULL).changed);
    }
    published_end(&p);
}

/* The negative SOA and what the server is told of the zone. */
static void the_zones_record_says_what_the_zone_is(void **state)
{
    struct published p;
    struct snapshot *snapshot;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    add_one_entry(&p);
    struct commit_result result = publish(&p, NOW, NULL);
    assert_int_equal(snapshot_create(p.store, &snapshot), STATUS_OK);
    struct zone_record record = record_of(snapshot, "CC.example");
    assert_int_equal(record.serial, NOW);
    assert_int_equal(record.published, NOW);
    assert_int_equal(record.entries, 2);
    assert_int_equal(record.names, result.names_after);
    assert_int_equal(record.flags, 0);
    struct reader ttl = reader_of(record.soa + name_octets(record.soa) + 4, 4);
    assert_int_equal(reader_u32(&ttl), 300); /* RFC 2308 §3 */
    snapshot_destroy(snapshot);
    published_end(&p);
}

static void an_aborted_commit_leaves_everything(void **state)
{
    struct commit_result result;
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish(&p, NOW, NULL);
    struct dump before = dump_store(p.store, -1, 0);
    add_one_entry(&p);
    change_contact(&p);
    struct edit *edit = begin_edit(p.store);
    assert_int_equal(put_build(edit, &p.f.rules, NOW + 1, NULL, &result), STATUS_OK);
    assert_true(result.changed);
    edit_abort(edit);
    assert_same(before, dump_store(p.store, -1, 0));
    published_end(&p);
}

/* A second zone with the same contents. */
static struct config_zone other_zone(struct published *p, const char *domain)
{
    struct config_zone zone = p->f.zone;
    zone.domain = name_of(domain);
    return zone;
}

static void zones_do_not_disturb_each_other(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    add_contact(&p.f, 0, "inner", ROLE_MANAGEMENT)->visibility = VISIBILITY_MEMBERS;
    /* The second lies within the first: their names are not mixed up. */
    struct config_zone members = other_zone(&p, "members.cc.example");
    members.audience = AUDIENCE_MEMBERS;
    publish(&p, NOW, NULL);
    p.f.rules.zone = &members;
    publish(&p, NOW + 1, NULL);
    struct dump before = dump_store(p.store, STORE_TABLE_NODES, 0);
    p.f.contacts[0][2].name = "Seen by members only";
    assert_true(publish(&p, NOW + 2, NULL).changed);
    assert_same(before, dump_store(p.store, STORE_TABLE_NODES, 0));
    p.f.rules.zone = &p.f.zone;
    assert_false(publish(&p, NOW + 3, NULL).changed);
    assert_zonemd_fits(p.store, "cc.example");
    assert_zonemd_fits(p.store, "members.cc.example");
    published_end(&p);
}

static void remove_zone(struct published *p, const char *apex, struct commit_result *result)
{
    struct edit *edit = begin_edit(p->store);
    struct zone_record record = record_of(edit_snapshot(edit), apex);
    assert_int_equal(commit_remove(edit, &record, NULL, result), STATUS_OK);
    end_edit(edit);
}

static void a_removed_zone_leaves_nothing_and_its_number(void **state)
{
    struct commit_result result;
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    add_one_entry(&p);
    struct config_zone other = other_zone(&p, "dd.example");
    struct commit_result first = publish(&p, NOW, NULL);
    p.f.rules.zone = &other;
    publish(&p, NOW, NULL);
    struct dump before = dump_store(p.store, STORE_TABLE_NODES, 1);
    remove_zone(&p, "cc.example", &result);
    assert_int_equal(result.entries_before, 2);
    assert_int_equal(result.entries_deleted, 2);
    assert_int_equal(result.names_deleted, first.names_after);
    assert_int_equal(table_octets(p.store, STORE_TABLE_NODES, 0), 0);
    assert_int_equal(table_octets(p.store, STORE_TABLE_ZONES, 0), 0);
    assert_same(before, dump_store(p.store, STORE_TABLE_NODES, 1));
    struct config_zone third = other_zone(&p, "ee.example");
    p.f.rules.zone = &third;
    publish(&p, NOW, NULL);
    assert_true(table_octets(p.store, STORE_TABLE_NODES, 0) > 0);
    published_end(&p);
}

/* Restores text into the database; must succeed. */
static struct commit_result restore(struct published *p, const char *text)
{
    struct commit_result result;
    struct read_zone zone = read_zone_text(text, strlen(text));
    assert_int_equal(zone.status, STATUS_OK);
    struct edit *edit = begin_edit(p->store);
    const struct commit_request request = {
        .edit = edit, .zone = &p->f.zone, .now = NOW, .diag = zone.diag};
    assert_int_equal(commit_restore(&request, &zone.source, &result), STATUS_OK);
    end_edit(edit);
    drop_zone(&zone);
    return result;
}

/* The zone as a zone file; to be freed. */
static char *export(struct published *p, const char *apex)
{
    struct snapshot *snapshot;
    struct stored_source *stored;

    assert_int_equal(snapshot_create(p->store, &snapshot), STATUS_OK);
    struct zone_record record = record_of(snapshot, apex);
    assert_int_equal(stored_source_open(snapshot, &record, &stored), STATUS_OK);
    struct node_source source = stored_source_nodes(stored);
    char *text = print_zone(&source);
    stored_source_close(stored);
    snapshot_destroy(snapshot);
    return text;
}

#define RESTORED                                                                                   \
    "$ORIGIN cc.example.\n$TTL 300\n@ SOA ns1 h 4711 3600 900 604800 300\n@ NS ns1\n"              \
    "ns1 A 192.0.2.1\nXa TXT \"0 x\"\n"

static void a_restore_keeps_the_serial_and_a_second_one_changes_nothing(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish(&p, NOW, NULL);
    struct commit_result result = restore(&p, RESTORED);
    assert_false(result.created);
    assert_true(result.changed);
    assert_int_equal(result.old_serial, NOW);
    assert_int_equal(result.serial, 4711);
    assert_int_equal(result.entries_deleted, 0); /* xa is in both */
    struct dump before = dump_store(p.store, -1, 0);
    result = restore(&p, RESTORED);
    assert_false(result.changed);
    assert_int_equal(result.serial, 4711);
    assert_same(before, dump_store(p.store, -1, 0));
    published_end(&p);
}

/* Writes the zone's record as versions did that kept no newest serial. */
static void forget_newest(struct published *p)
{
    uint8_t value[1024];
    uint8_t key[KEY_PREFIX_OCTETS];
    struct edit *edit = begin_edit(p->store);
    struct writer w = writer_of(value, sizeof value);
    struct zone_record record = record_of(edit_snapshot(edit), "cc.example");

    record.has_newest = false;
    zone_record_write(&w, &record);
    key_of_zone(key, record.number);
    assert_int_equal(edit_put(edit, key, sizeof key, value, writer_length(&w)), STATUS_OK);
    end_edit(edit);
}

static void after_a_restore_no_serial_is_given_out_twice(void **state)
{
    static const struct {
        enum serial_policy rule;
        uint64_t history_octets;
        bool of_old_version;
        uint32_t next;
    } cases[] = {
        {SERIAL_UNIXTIME, 1u << 26, false, NOW + 3}, {SERIAL_COUNTER, 1u << 26, false, NOW + 3},
        {SERIAL_DATE, 1u << 26, false, 2026112203u}, {SERIAL_COUNTER, 0, false, NOW + 3},
        {SERIAL_COUNTER, 1u << 26, true, NOW + 3},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct published p;
        published_start(&p);
        add_xanadu(&p.f);
        p.f.zone.history.octets = cases[i].history_octets;
        p.f.zone.serial = cases[i].rule == SERIAL_DATE ? SERIAL_DATE : SERIAL_UNIXTIME;
        publish(&p, NOW, NULL);
        p.f.zone.serial = cases[i].rule;
        for (unsigned n = 0; n < 2; n++) {
            p.f.zone.ttl++;
            publish(&p, NOW, NULL);
        }
        struct commit_result result = restore(&p, RESTORED);
        assert_int_equal(result.serial, 4711);
        assert_int_equal(result.newest_serial, result.old_serial);
        if (cases[i].of_old_version)
            forget_newest(&p);
        result = publish(&p, NOW, NULL);
        assert_int_equal(result.serial, cases[i].next);
        result = restore(&p, RESTORED);
        assert_int_equal(result.newest_serial, cases[i].next);
        published_end(&p);
    }
}

static void the_same_contents_get_a_new_serial_where_a_restore_set_it_back(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    p.f.zone.serial = SERIAL_COUNTER;
    publish(&p, NOW, NULL);
    char *text = export(&p, "cc.example");
    const uint32_t ttl = p.f.zone.ttl;
    p.f.zone.ttl = ttl + 60;
    publish(&p, NOW, NULL);
    assert_int_equal(restore(&p, text).serial, 1);
    free(text);
    p.f.zone.ttl = ttl;
    struct commit_result result = publish(&p, NOW, NULL);
    assert_true(result.changed);
    assert_int_equal(result.serial, 3);
    assert_false(publish(&p, NOW, NULL).changed);
    published_end(&p);
}

static void a_restored_export_publishes_as_unchanged(void **state)
{
    struct published p;
    struct published other;
    struct snapshot *snapshot;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish(&p, NOW, NULL);
    char *text = export(&p, "cc.example");
    published_start(&other);
    add_xanadu(&other.f);
    restore(&other, text);
    free(text);
    assert_same(dump_store(p.store, STORE_TABLE_NODES, 0),
                dump_store(other.store, STORE_TABLE_NODES, 0));
    struct commit_result result = publish(&other, NOW + 77, NULL);
    assert_false(result.changed);
    assert_int_equal(result.serial, NOW);
    assert_same(dump_store(p.store, -1, 0), dump_store(other.store, -1, 0));
    assert_int_equal(snapshot_create(other.store, &snapshot), STATUS_OK);
    assert_int_equal(record_of(snapshot, "cc.example").flags & ZONE_RESTORED, 0);
    snapshot_destroy(snapshot);
    published_end(&other);
    published_end(&p);
}

static void every_zone_number_may_be_taken(void **state)
{
    struct commit_result result;
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    struct edit *edit = begin_edit(p.store);
    for (unsigned number = 0; number <= UINT16_MAX; number++) {
        uint8_t value[128];
        uint8_t key[] = {STORE_TABLE_ZONES, (uint8_t)(number >> 8), (uint8_t)number};
        const struct zone_record record = {
            .number = (uint16_t)number, .apex = (const uint8_t *)"\1x", .soa = key};
        struct writer w = writer_of(value, sizeof value);
        zone_record_write(&w, &record);
        assert_int_equal(edit_put(edit, key, sizeof key, value, writer_length(&w)), STATUS_OK);
    }
    assert_int_equal(put_build(edit, &p.f.rules, NOW, NULL, &result), STATUS_SYSTEM);
    const uint8_t last[] = {STORE_TABLE_ZONES, 0xff, 0xff};
    assert_int_equal(edit_delete(edit, last, sizeof last), STATUS_OK);
    assert_int_equal(put_build(edit, &p.f.rules, NOW, NULL, &result), STATUS_OK);
    assert_int_equal(record_of(edit_snapshot(edit), "cc.example").number, UINT16_MAX);
    edit_abort(edit);
    published_end(&p);
}

/* Changes the last octet of a value. */
static void damage(struct edit *edit, const uint8_t *key, size_t key_octets)
{
    struct item item;
    assert_int_equal(snapshot_walk(edit_snapshot(edit), WALK_AT, key, key_octets, &item),
                     STATUS_OK);
    uint8_t *value = malloc(item.value_octets);
    assert_non_null(value);
    memcpy(value, item.value, item.value_octets);
    value[item.value_octets - 1] ^= 1;
    assert_int_equal(edit_put(edit, key, key_octets, value, item.value_octets), STATUS_OK);
    free(value);
}

static void damage_is_found_and_not_written_over(void **state)
{
    static const char *const keys[] = {"\1\0\0", "\2\0\0", "\2\0\0xa"};
    static const size_t lengths[] = {3, 3, 6};
    struct commit_result result;
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish(&p, NOW, NULL);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct edit *edit = begin_edit(p.store);
        damage(edit, (const uint8_t *)keys[i], lengths[i]);
        assert_int_equal(put_build(edit, &p.f.rules, NOW + 1, NULL, &result), STATUS_MALFORMED);
        edit_abort(edit);
    }
    published_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_serial_is_the_rules_value),
        cmocka_unit_test(unchanged_contents_write_nothing_and_keep_the_serial),
        cmocka_unit_test(every_kind_of_change_moves_the_serial),
        cmocka_unit_test(the_zones_record_says_what_the_zone_is),
        cmocka_unit_test(an_aborted_commit_leaves_everything),
        cmocka_unit_test(zones_do_not_disturb_each_other),
        cmocka_unit_test(a_removed_zone_leaves_nothing_and_its_number),
        cmocka_unit_test(a_restore_keeps_the_serial_and_a_second_one_changes_nothing),
        cmocka_unit_test(after_a_restore_no_serial_is_given_out_twice),
        cmocka_unit_test(the_same_contents_get_a_new_serial_where_a_restore_set_it_back),
        cmocka_unit_test(a_restored_export_publishes_as_unchanged),
        cmocka_unit_test(every_zone_number_may_be_taken),
        cmocka_unit_test(damage_is_found_and_not_written_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
