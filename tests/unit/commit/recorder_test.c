/* What is kept of a zone's past, how much of it, and what is not in the way of a publish. That the
 * past is what it was: partial_test.c. */
#include "tests/unit/commit/published.h"
#include "tests/unit/zone/golden.h"

#include "commit/recorder.h"
#include "store/history.h"
#include "zone/past_source.h"
#include "zone/zonefile.h"

#define NOW        1795352400
#define FIRST      "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
#define SECOND     "2T7B4G4VSA5SMI47K61MV5BV1A22BOJR"
#define THIRD      "gjeqe526plbf1g8mklp59enfd789njgi"
#define HEAD(n)    "$ORIGIN cc.example.\n$TTL 300\n@ SOA ns1 h " n " 3600 900 604800 300\n@ NS ns1\n"
#define NSEC3PARAM "@ NSEC3PARAM 1 0 7 abcd\n"

static struct commit_result restore(struct published *p, const char *text, int64_t now)
{
    struct commit_result result;
    struct read_zone zone = read_zone_text(text, strlen(text));

    assert_int_equal(zone.status, STATUS_OK);
    struct edit *edit = begin_edit(p->store);
    const struct commit_request request = {
        .edit = edit, .zone = &p->f.zone, .now = now, .diag = zone.diag};
    assert_int_equal(commit_restore(&request, &zone.source, &result), STATUS_OK);
    end_edit(edit);
    drop_zone(&zone);
    return result;
}

static struct snapshot *look(struct published *p)
{
    struct snapshot *snapshot;
    assert_int_equal(snapshot_create(p->store, &snapshot), STATUS_OK);
    return snapshot;
}

static struct history_summary summary_of(struct published *p)
{
    struct snapshot *snapshot = look(p);
    struct history_summary summary;
    assert_int_equal(history_summary_read(snapshot, 0, &summary), STATUS_OK);
    snapshot_destroy(snapshot);
    return summary;
}

static struct history_step step_of(struct published *p, uint32_t number)
{
    struct snapshot *snapshot = look(p);
    struct history_step step;
    assert_int_equal(history_step_read(snapshot, 0, number, &step), STATUS_OK);
    snapshot_destroy(snapshot);
    return step;
}

/* All records of the zone, owners uncompressed, as the export of it counts them. */
static uint64_t octets_of(struct published *p)
{
    struct snapshot *snapshot = look(p);
    struct stored_source *stored;
    struct node node;
    uint64_t octets = 0;
    const size_t fixed = 10; /* type, class, TTL, RDLENGTH */

    struct zone_record record = record_of(snapshot, "cc.example");
    assert_int_equal(stored_source_open(snapshot, &record, &stored), STATUS_OK);
    struct node_source source = stored_source_nodes(stored);
    while (source.next(source.state, &node) == STATUS_OK)
        for (size_t i = 0; i < node.rrset_count; i++)
            for (size_t n = 0; n < node.rrsets[i].count; n++)
                octets += node.owner.length + fixed + node.rrsets[i].items[n].length;
    stored_source_close(stored);
    snapshot_destroy(snapshot);
    return octets;
}

/* The steps that are kept lead from one serial to the next, and take what the summary says. */
static void assert_sound(struct published *p)
{
    struct history_summary summary = summary_of(p);
    uint64_t octets = 0;

    assert_int_equal(summary.zone_octets, octets_of(p));
    for (uint32_t n = summary.oldest; n <= summary.newest; n++) {
        octets += step_of(p, n).octets;
        if (n > summary.oldest)
            assert_int_equal(step_of(p, n).old_serial, step_of(p, n - 1).new_serial);
    }
    assert_int_equal(octets, summary.octets);
    struct snapshot *snapshot = look(p);
    if (summary.oldest <= summary.newest)
        assert_int_equal(record_of(snapshot, "cc.example").serial,
                         step_of(p, summary.newest).new_serial);
    snapshot_destroy(snapshot);
    struct dump dump = dump_store(p->store, STORE_TABLE_HISTORY, 0);
    /* The dump has two lengths with each key and value. */
    assert_true(dump.length >= octets + HISTORY_SUMMARY_OCTETS + KEY_PREFIX_OCTETS);
    free(dump.octets);
}

static void a_new_zone_has_no_past(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish(&p, NOW, NULL);
    struct history_summary summary = summary_of(&p);
    assert_int_equal(summary.newest, 0);
    assert_int_equal(summary.oldest, 1);
    assert_int_equal(summary.octets, 0);
    assert_sound(&p);
    published_end(&p);
}

static void a_step_says_what_led_from_one_serial_to_the_next(void **state)
{
    struct published p;
    const uint64_t soa = 12 + 10 + 16 + 14 + 20; /* cc.example., ns1.cc.example., h.cc.example. */
    const uint64_t a = 14 + 10 + 4;              /* a.cc.example. */
    (void)state;

    published_start(&p);
    restore(&p, HEAD("7") "a A 192.0.2.1\nb A 192.0.2.1\n", NOW);
    restore(&p, HEAD("9") "a A 192.0.2.2\na A 192.0.2.1\nb A 192.0.2.1\n", NOW + 5);
    struct history_step step = step_of(&p, 1);
    assert_int_equal(step.old_serial, 7);
    assert_int_equal(step.new_serial, 9);
    assert_int_equal(step.old_published, NOW);
    assert_int_equal(step.published, NOW + 5);
    assert_int_equal(step.made, NOW + 5);
    assert_int_equal(step.cause, HISTORY_RESTORE);
    assert_int_equal(step.old_flags, ZONE_RESTORED);
    assert_int_equal(step.names, 2);
    assert_int_equal(step.difference, 2 * soa + a);
    restore(&p, HEAD("10") "b A 192.0.2.1\n", NOW + 5);
    assert_int_equal(step_of(&p, 2).difference, 2 * soa + 2 * a);
    assert_int_equal(summary_of(&p).setback, 0);
    restore(&p, HEAD("10") "c A 192.0.2.1\n", NOW + 5);
    assert_int_equal(summary_of(&p).setback, 3);
    assert_sound(&p);
    published_end(&p);
}

static void nothing_is_kept_where_nothing_changes(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish(&p, NOW, NULL);
    struct dump before = dump_store(p.store, STORE_TABLE_HISTORY, 0);
    publish(&p, NOW + 1, NULL);
    assert_same(before, dump_store(p.store, STORE_TABLE_HISTORY, 0));
    /* Nor where only the flag goes that says that the zone was restored. */
    struct snapshot *snapshot = look(&p);
    struct stored_source *stored;
    char *text = NULL;
    size_t length;
    struct zone_record record = record_of(snapshot, "cc.example");
    assert_int_equal(stored_source_open(snapshot, &record, &stored), STATUS_OK);
    struct node_source source = stored_source_nodes(stored);
    FILE *out = open_memstream(&text, &length);
    assert_int_equal(zonefile_print(&source, out), STATUS_OK);
    fclose(out);
    stored_source_close(stored);
    snapshot_destroy(snapshot);
    assert_false(restore(&p, text, NOW + 2).changed);
    before = dump_store(p.store, STORE_TABLE_HISTORY, 0);
    assert_false(publish(&p, NOW + 3, NULL).changed);
    assert_same(before, dump_store(p.store, STORE_TABLE_HISTORY, 0));
    free(text);
    published_end(&p);
}

/* Publishes a change of one name at a time. */
static void publish_changes(struct published *p, int64_t from, int64_t seconds, int count)
{
    static const char *const names[] = {"One", "Two"};

    for (int i = 0; i < count; i++) {
        p->f.contacts[0][0].name = names[i % 2];
        assert_true(publish(p, from + i * seconds, NULL).changed);
        assert_sound(p);
    }
}

static void what_is_too_old_goes(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    p.f.zone.history.seconds = 100;
    add_xanadu(&p.f);
    publish_changes(&p, NOW, 30, 10);
    assert_int_equal(summary_of(&p).newest, 9);
    assert_int_equal(summary_of(&p).oldest, 6);
    publish_changes(&p, NOW + 10000, 30, 2); /* long after */
    assert_int_equal(summary_of(&p).newest - summary_of(&p).oldest, 1);
    published_end(&p);
}

static void what_does_not_fit_goes_the_oldest_first(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish_changes(&p, NOW, 1, 2);
    uint64_t one = step_of(&p, 1).octets;
    p.f.zone.history.octets = 3 * one + one / 2;
    publish_changes(&p, NOW + 10, 1, 8);
    struct history_summary summary = summary_of(&p);
    assert_int_equal(summary.newest - summary.oldest, 2);
    assert_true(summary.octets <= p.f.zone.history.octets);
    published_end(&p);
}

static void a_change_larger_than_all_that_is_kept_leaves_nothing(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish_changes(&p, NOW, 1, 4);
    p.f.zone.history.octets = step_of(&p, 1).octets * 2;
    p.f.zone.ttl++; /* all names */
    publish(&p, NOW + 100, NULL);
    struct history_summary summary = summary_of(&p);
    assert_int_equal(summary.oldest, summary.newest + 1);
    assert_sound(&p);
    publish_changes(&p, NOW + 200, 1, 2);
    assert_int_equal(summary_of(&p).newest, summary_of(&p).oldest + 1 - (summary.newest == 4));
    published_end(&p);
}

static void history_can_be_switched_off(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish_changes(&p, NOW, 1, 4);
    p.f.zone.history = (struct config_history){0, 0};
    publish_changes(&p, NOW + 10, 1, 2);
    assert_true(summary_of(&p).oldest > summary_of(&p).newest);
    assert_int_equal(table_octets(p.store, STORE_TABLE_HISTORY, 0),
                     KEY_PREFIX_OCTETS + HISTORY_SUMMARY_OCTETS + 2 * sizeof(size_t));
    p.f.zone.history = (struct config_history){86400, 1 << 20};
    publish_changes(&p, NOW + 20, 1, 3);
    assert_int_equal(summary_of(&p).newest - summary_of(&p).oldest, 2);
    published_end(&p);
}

/* Puts the summary's value with one octet flipped, or deletes it. */
static void spoil_summary(struct published *p, bool delete)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];
    uint8_t value[HISTORY_SUMMARY_OCTETS] = {1};
    struct edit *edit = begin_edit(p->store);
    size_t octets = history_key(key, 0, 0, HISTORY_STEP);

    if (delete)
        assert_int_equal(edit_delete(edit, key, octets), STATUS_OK);
    else
        assert_int_equal(edit_put(edit, key, octets, value, sizeof value), STATUS_OK);
    end_edit(edit);
}

static void a_past_that_cannot_be_used_begins_anew(void **state)
{
    (void)state;

    for (int delete = 0; delete < 2; delete ++) {
        struct published p;
        published_start(&p);
        add_xanadu(&p.f);
        publish_changes(&p, NOW, 1, 4);
        spoil_summary(&p, delete != 0);
        publish_changes(&p, NOW + 10, 1, 3);
        assert_int_equal(summary_of(&p).oldest, 1);
        assert_int_equal(summary_of(&p).newest, 3);
        published_end(&p);
    }
}

static void a_past_that_does_not_lead_here_begins_anew(void **state)
{
    struct published p;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish_changes(&p, NOW, 1, 4);
    struct dump past = dump_store(p.store, STORE_TABLE_HISTORY, 0);
    publish_changes(&p, NOW + 10, 1, 2);
    /* As if the last changes had been made by someone who keeps no past. */
    struct edit *edit = begin_edit(p.store);
    uint32_t steps;
    assert_int_equal(recorder_forget(edit, 0), STATUS_OK);
    for (size_t at = 0; at < past.length;) {
        size_t key_octets, value_octets;
        memcpy(&key_octets, past.octets + at, sizeof key_octets);
        const uint8_t *key = (const uint8_t *)past.octets + at + sizeof key_octets;
        memcpy(&value_octets, key + key_octets, sizeof value_octets);
        const uint8_t *value = key + key_octets + sizeof value_octets;
        assert_int_equal(edit_put(edit, key, key_octets, value, value_octets), STATUS_OK);
        at = (size_t)(value + value_octets - (const uint8_t *)past.octets);
    }
    end_edit(edit);
    free(past.octets);
    publish_changes(&p, NOW + 20, 1, 2);
    assert_int_equal(summary_of(&p).newest + 1 - summary_of(&p).oldest, 2);
    edit = begin_edit(p.store);
    assert_int_equal(recorder_forget_steps(edit, 0, &steps), STATUS_OK);
    assert_int_equal(steps, 2);
    end_edit(edit);
    assert_sound(&p);
    assert_int_equal(summary_of(&p).oldest, summary_of(&p).newest + 1);
    published_end(&p);
}

static void a_zone_that_goes_takes_its_past_with_it(void **state)
{
    struct published p;
    struct commit_result result;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    publish_changes(&p, NOW, 1, 4);
    struct edit *edit = begin_edit(p.store);
    struct zone_record record = record_of(edit_snapshot(edit), "cc.example");
    assert_int_equal(commit_remove(edit, &record, NULL, &result), STATUS_OK);
    end_edit(edit);
    assert_int_equal(table_octets(p.store, STORE_TABLE_HISTORY, 0), 0);
    /* Nor has the next one with its number anything of what may be left. */
    edit = begin_edit(p.store);
    assert_int_equal(
        edit_put(edit, (const uint8_t *)"\3\0\0\0\0\0\5xa", 9, (const uint8_t *)"x", 1), STATUS_OK);
    end_edit(edit);
    publish(&p, NOW + 10, NULL);
    assert_int_equal(summary_of(&p).newest, 0);
    assert_int_equal(table_octets(p.store, STORE_TABLE_HISTORY, 0),
                     KEY_PREFIX_OCTETS + HISTORY_SUMMARY_OCTETS + 2 * sizeof(size_t));
    published_end(&p);
}

static size_t count_records(const struct history_image *image)
{
    struct reader r = image->records;
    size_t count = 0;
    size_t octets;

    while (history_take_record(&r, &octets) != NULL)
        count++;
    assert_false(r.failed);
    return count;
}

static void denial_by_hashes_has_its_past(void **state)
{
    static const struct {
        const char *owner;
        size_t records;
    } cases[] = {{FIRST ".cc.example.", 1}, {SECOND ".cc.example.", 0}, {THIRD ".cc.example.", 1}};
    struct published p;
    struct history_walk *walk;
    struct history_image image;
    struct name apex = name_of("cc.example");
    (void)state;

    published_start(&p);
    restore(&p,
            HEAD("1") NSEC3PARAM FIRST " NSEC3 1 0 7 abcd " THIRD "\n" THIRD
                                       " NSEC3 1 0 7 abcd " FIRST "\n",
            NOW);
    restore(&p, HEAD("2") NSEC3PARAM SECOND " NSEC3 1 0 7 abcd " SECOND "\n", NOW + 1);
    assert_sound(&p);
    restore(&p, HEAD("3") "a A 192.0.2.1\n", NOW + 2);
    assert_sound(&p);
    for (uint32_t first = 1; first <= 2; first++) {
        struct snapshot *snapshot = look(&p);
        assert_int_equal(history_walk_open(snapshot, 0, first, 0, &walk), STATUS_OK);
        do
            assert_int_equal(history_walk_next(walk, &image), STATUS_OK);
        while (image.kind == HISTORY_NODE);
        for (size_t i = 0; i < 3; i++) {
            char text[NAME_TEXT_OCTETS];
            struct name owner;
            if (first == 2 && i != 1)
                continue;
            assert_int_equal(history_image_owner(&image, apex.octets, &owner), STATUS_OK);
            name_to_text(owner.octets, text);
            if (cases[i].records > 0 || first == 2) /* of a new name, no capitals are known */
                assert_string_equal(text, cases[i].owner);
            assert_int_equal(count_records(&image), first == 2 ? 1 : cases[i].records);
            assert_int_equal(history_walk_next(walk, &image),
                             i < 2 && first == 1 ? STATUS_OK : STATUS_NOT_FOUND);
        }
        history_walk_close(walk);
        snapshot_destroy(snapshot);
    }
    published_end(&p);
}

static char *past_text(struct snapshot *snapshot, uint32_t step)
{
    struct past_source *past;
    char *text = NULL;
    size_t length;

    struct zone_record record = record_of(snapshot, "cc.example");
    assert_int_equal(past_source_open(snapshot, &record, step, &past), STATUS_OK);
    struct node_source source = past_source_nodes(past);
    FILE *out = open_memstream(&text, &length);
    assert_int_equal(zonefile_print(&source, out), STATUS_OK);
    fclose(out);
    past_source_close(past);
    return text;
}

static void names_keep_their_capitals_and_order_in_the_past(void **state)
{
    static const char *const zones[] = {
        HEAD("1") "Aa TXT x\naA.b TXT y\n\\001 TXT z\n*.b TXT w\n",
        HEAD("2") "aa TXT x\n\\000.b TXT y\n",
        HEAD("3") "AA TXT x\nb TXT b\n\\001 TXT z\n",
    };
    struct published p;
    char *texts[3];
    (void)state;

    published_start(&p);
    for (size_t i = 0; i < 3; i++) {
        restore(&p, zones[i], NOW);
        struct read_zone zone = read_zone_text(zones[i], strlen(zones[i]));
        size_t length;
        FILE *out = open_memstream(&texts[i], &length);
        assert_int_equal(zonefile_print(&zone.source, out), STATUS_OK);
        fclose(out);
        drop_zone(&zone);
        assert_sound(&p);
    }
    struct snapshot *snapshot = look(&p);
    for (uint32_t i = 0; i < 2; i++) {
        char *text = past_text(snapshot, i + 1);
        assert_string_equal(text, texts[i]);
        free(text);
    }
    snapshot_destroy(snapshot);
    for (size_t i = 0; i < 3; i++)
        free(texts[i]);
    published_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_zone_has_no_past),
        cmocka_unit_test(a_step_says_what_led_from_one_serial_to_the_next),
        cmocka_unit_test(nothing_is_kept_where_nothing_changes),
        cmocka_unit_test(what_is_too_old_goes),
        cmocka_unit_test(what_does_not_fit_goes_the_oldest_first),
        cmocka_unit_test(a_change_larger_than_all_that_is_kept_leaves_nothing),
        cmocka_unit_test(history_can_be_switched_off),
        cmocka_unit_test(a_past_that_cannot_be_used_begins_anew),
        cmocka_unit_test(a_past_that_does_not_lead_here_begins_anew),
        cmocka_unit_test(a_zone_that_goes_takes_its_past_with_it),
        cmocka_unit_test(denial_by_hashes_has_its_past),
        cmocka_unit_test(names_keep_their_capitals_and_order_in_the_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
