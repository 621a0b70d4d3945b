/* What a publish writes, counts and tells of: only what differs, and always all that does. */
#include "tests/unit/commit/published.h"

#include "store/history.h"

#define NOW     1795352400
#define ROUNDS  200
#define ALIASED "\xc3\xa9" /* a U-label */

/* Names that an observer was told of. */
struct told {
    size_t added, changed, deleted;
    char names[4096]; /* each followed by a blank */
};

static void note(void *state, const struct node *before, const struct node *after)
{
    struct told *told = state;
    char text[NAME_TEXT_OCTETS];

    assert_true(before || after);
    told->added += !before;
    told->deleted += !after;
    told->changed += before && after;
    name_to_text((after ? after : before)->owner.octets, text);
    size_t used = strlen(told->names);
    snprintf(told->names + used, sizeof told->names - used, "%s ", text);
}

static struct commit_result publish_observed(struct published *p, int64_t now, struct told *told)
{
    *told = (struct told){.added = 0};
    struct commit_observer observer = {told, note};
    struct commit_result result = publish(p, now, &observer);
    assert_int_equal(told->added, result.names_added);
    assert_int_equal(told->changed, result.names_changed);
    assert_int_equal(told->deleted, result.names_deleted);
    return result;
}

static void start_with_two_entries(struct published *p)
{
    published_start(p);
    add_xanadu(&p->f);
    add_label(&p->f, 0, "xn--9ca", ALIASED, NULL);
    add_entry(&p->f, "contacts/xb.yaml", "xb", "Somewhere");
    add_contact(&p->f, 1, "noc", ROLE_SECURITY);
}

/* The stored value of an alias has its target's records too, but they are not the alias's. */
static void an_alias_is_not_told_of_when_its_target_changes(void **state)
{
    struct published p;
    struct told told;
    (void)state;

    start_with_two_entries(&p);
    publish(&p, NOW, NULL);
    struct dump before = dump_store(p.store, STORE_TABLE_NODES, 0);
    p.f.contacts[0][0].name = "Xanadu incident response";
    struct commit_result result = publish_observed(&p, NOW + 1, &told);
    assert_true(result.changed);
    assert_non_null(strstr(told.names, "xn--9ca.cc.example. "));
    assert_null(strstr(told.names, "\\195\\169"));
    assert_null(strstr(told.names, "xb.cc.example"));
    assert_null(strstr(told.names, " cc.example. ")); /* SOA and ZONEMD are no difference */
    assert_int_not_equal(strncmp(told.names, "cc.example. ", 12), 0);
    assert_null(strstr(told.names, "meta"));
    struct dump after = dump_store(p.store, STORE_TABLE_NODES, 0);
    assert_false(dump_equals(&before, &after));
    free(before.octets);
    free(after.octets);
    published_end(&p);
}

static void an_entry_that_goes_is_counted(void **state)
{
    struct published p;
    struct told told;
    (void)state;

    start_with_two_entries(&p);
    struct commit_result result = publish_observed(&p, NOW, &told);
    assert_int_equal(result.entries_before, 0);
    assert_int_equal(result.entries_after, 3);
    p.f.all.entry_count--;
    result = publish_observed(&p, NOW + 1, &told);
    assert_int_equal(result.entries_before, 3);
    assert_int_equal(result.entries_deleted, 1);
    assert_int_equal(result.entries_after, 2);
    assert_int_equal(told.deleted, 4); /* xb, *.xb, _noc.xb, _security.xb */
    published_end(&p);
}

/* Its name stays, as that of a name server of the zone. */
static void a_card_that_goes_while_its_name_stays_is_counted(void **state)
{
    struct published p;
    struct told told;
    (void)state;

    start_with_two_entries(&p);
    p.f.addresses[0] = (struct prefix){AF_INET, {192, 0, 2, 1}, 32};
    p.f.nameservers[1] = (struct config_nameserver){
        .name = name_of("xb.cc.example"), .address_count = 1, .addresses = p.f.addresses};
    p.f.zone.nameserver_count = 2;
    publish(&p, NOW, NULL);
    p.f.all.entry_count--;
    struct commit_result result = publish_observed(&p, NOW + 1, &told);
    assert_int_equal(result.entries_before, 3);
    assert_int_equal(result.entries_deleted, 1);
    assert_int_equal(result.entries_after, 2);
    p.f.all.entry_count++;
    result = publish_observed(&p, NOW + 2, &told);
    assert_int_equal(result.entries_before, 2);
    assert_int_equal(result.entries_deleted, 0);
    assert_int_equal(result.entries_after, 3);
    published_end(&p);
}

static const char *any_of(const char *const *texts, size_t count)
{
    return texts[(size_t)random() % count];
}

static void change_one_contact(struct fixture *f)
{
    static const char *const names[] = {"Somebody", "Duty desk", "NOC \\ \"24\"", "x"};
    static const char *const mails[] = {"noc@nic.example", "a.b@nic-xa.example", "c@x.xa"};
    static const char *const hours[] = {"24x7", "Mo-Fr 08:00-18:00"};
    size_t entry = (size_t)random() % f->all.entry_count;
    size_t which = (size_t)random() % f->entries[entry].contact_count;
    struct contact *contact = &f->contacts[entry][which];

    switch (random() % 5) {
    case 0:
        contact->name = any_of(names, 4);
        break;
    case 1:
        contact->email = random() % 4 == 0 ? NULL : any_of(mails, 3);
        break;
    case 2:
        contact->hours = any_of(hours, 2);
        break;
    case 3:
        contact->roles = 1u << random() % ROLE_COUNT;
        break;
    default:
        contact->pgp = contact->pgp ? NULL : "0123456789ABCDEF0123456789ABCDEF01234567";
        break;
    }
}

/* What was prepared is shown or hidden: entries, contacts, labels, name servers, settings. */
static void change_something(struct fixture *f, size_t entries)
{
    struct entry *entry = &f->entries[random() % (long)f->all.entry_count];

    switch (random() % 8) {
    case 0:
        f->all.entry_count = 1 + (size_t)random() % entries;
        break;
    case 1:
        entry->contact_count = 1 + (size_t)random() % 5;
        break;
    case 2:
        entry->label_count = 1 + (size_t)random() % 2;
        break;
    case 3:
        f->zone.nameserver_count = 1 + (size_t)random() % 3;
        break;
    case 4:
        f->zone.zonemd = random() % 4 != 0;
        f->zone.negative_ttl = 300 + (uint32_t)random() % 3;
        break;
    case 5:
        f->rules.today = days("2026-11-22") + (int32_t)(random() % 3) * 200;
        break;
    default:
        change_one_contact(f);
        break;
    }
}

/* Everything that may be shown, with two name servers in the zone: one at a card's label, one below
 * another. */
static size_t prepare(struct fixture *f)
{
    static const char *const labels[] = {"xa", "xb", "xn--e1a4c", "zz"};
    static const char *const more[] = {"ya", "xn--9ca", "xn--zckzah", "aa"};
    static const char *const aliases[] = {NULL, ALIASED, "\xe3\x83\x86", NULL};
    static const char *const ids[] = {"noc", "a-team", "night", "dns", "x"};

    for (size_t i = 0; i < FIXTURE_ENTRIES; i++) {
        add_entry(f, "contacts/some.yaml", labels[i], "Somewhere");
        add_label(f, i, more[i], aliases[i], NULL);
        for (size_t k = 0; k < 5; k++)
            add_contact(f, i, ids[k], k == 3 ? ROLE_DNS : ROLE_SECURITY)->order = (unsigned)k + 1;
    }
    f->addresses[0] = (struct prefix){AF_INET, {192, 0, 2, 1}, 32};
    f->addresses[1] = (struct prefix){AF_INET, {192, 0, 2, 2}, 32};
    f->nameservers[1] = (struct config_nameserver){
        .name = name_of("xb.cc.example"), .address_count = 1, .addresses = f->addresses};
    f->nameservers[2] = (struct config_nameserver){
        .name = name_of("ns.zz.cc.example"), .address_count = 1, .addresses = f->addresses + 1};
    return FIXTURE_ENTRIES;
}

static uint64_t zone_octets(struct snapshot *snapshot)
{
    struct history_summary summary;
    assert_int_equal(history_summary_read(snapshot, 0, &summary), STATUS_OK);
    return summary.zone_octets;
}

/* A build into an empty database is the same, octet for octet: nodes and the zone's record; only
 * the past is not. */
static void assert_as_from_scratch(struct published *p, struct store *empty, int64_t changed_at)
{
    struct commit_result result;
    struct snapshot *snapshot;
    struct edit *edit = begin_edit(empty);

    assert_int_equal(put_build(edit, &p->f.rules, changed_at, NULL, &result), STATUS_OK);
    assert_true(result.created);
    for (int table = STORE_TABLE_ZONES; table <= STORE_TABLE_NODES; table++)
        assert_same(dump_store(p->store, table, 0), dump_of(edit_snapshot(edit), table, 0));
    assert_int_equal(snapshot_create(p->store, &snapshot), STATUS_OK);
    assert_int_equal(zone_octets(snapshot), zone_octets(edit_snapshot(edit)));
    snapshot_destroy(snapshot);
    edit_abort(edit);
}

static void many_publishes_leave_what_one_from_scratch_would(void **state)
{
    struct published p;
    struct published scratch;
    struct told told;
    int64_t changed_at = NOW;
    size_t unchanged = 0;
    (void)state;

    srandom(7);
    published_start(&p);
    published_start(&scratch);
    size_t entries = prepare(&p.f);
    publish(&p, NOW, NULL);
    for (int64_t round = 1; round <= ROUNDS; round++) {
        for (long changes = random() % 4; changes > 0; changes--)
            change_something(&p.f, entries);
        uint64_t before = store_last_change(p.store);
        struct commit_result result = publish_observed(&p, NOW + round, &told);
        if (result.changed)
            changed_at = NOW + round;
        else
            assert_int_equal(store_last_change(p.store), before);
        unchanged += !result.changed;
        assert_int_equal(result.serial, changed_at);
        if (p.f.zone.zonemd)
            assert_zonemd_fits(p.store, "cc.example");
        assert_as_from_scratch(&p, scratch.store, changed_at);
    }
    assert_in_range(unchanged, ROUNDS / 20, ROUNDS / 2);
    published_end(&scratch);
    published_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alias_is_not_told_of_when_its_target_changes),
        cmocka_unit_test(an_entry_that_goes_is_counted),
        cmocka_unit_test(a_card_that_goes_while_its_name_stays_is_counted),
        cmocka_unit_test(many_publishes_leave_what_one_from_scratch_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
