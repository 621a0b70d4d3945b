/* A publish of what changed leaves, octet for octet, what a publish of everything leaves. */
#include "tests/unit/commit/published.h"
#include "tests/unit/zone/golden.h"

#include "sign/keyfile.h"
#include "store/history.h"
#include "store/key.h"
#include "zone/past_source.h"
#include "zone/zonefile.h"

#define NOW     1795352400
#define ROUNDS  150 /* and 40 where sanitizers make them slow */
#define SLOTS   14
#define KEY_ALL (KEY_PUBLISHED | KEY_SIGNS_KEYS | KEY_SIGNS_DATA | KEY_WANTS_DS)

/* What one file says, in numbers; two of the same are the same file. */
struct file {
    bool exists;
    unsigned name;     /* of its first contact */
    unsigned contacts; /* 1..3 */
    unsigned labels;   /* bits: `also`, an IDN with its aliases */
    enum visibility visibility;
    int32_t age; /* days since it was verified */
};

/* A file as an entry. */
struct made {
    struct entry entry;
    struct entry_label labels[3];
    struct contact contacts[3];
    struct phone phone;
    char text[4][32];
};

struct site {
    struct published p; /* published by what changed */
    struct published whole;
    struct file files[SLOTS];  /* as they are */
    struct file before[SLOTS]; /* as published */
    struct made made[SLOTS];
    struct entry entries[SLOTS];
    const char *former[3 * SLOTS];
    struct contact blank[2][3]; /* by visibility */
    struct config_policy policy;
    struct keyset keys;
    char folder[128];
    struct arena *arena;
};

static const char *const slot_idns[] = {"xn--9ca", "xn--3xa"};
static const char *const slot_u[] = {"\xc3\xa9", "\xc3\xb8"};
static const char *const slot_upper[] = {"\xc3\x89", "\xc3\x98"};

static void make_labels(const struct file *file, size_t slot, struct made *out)
{
    struct entry *entry = &out->entry;

    snprintf(out->text[0], sizeof out->text[0], "%c%c", (int)('m' - slot % 5), (int)('a' + slot));
    snprintf(out->text[1], sizeof out->text[1], "%c%c%c", (int)('a' + slot), 'q',
             (int)('z' - slot));
    out->labels[entry->label_count++] = (struct entry_label){.a_label = out->text[0]};
    if (file->labels & 1)
        out->labels[entry->label_count++] = (struct entry_label){.a_label = out->text[1]};
    if ((file->labels & 2) && slot < 2)
        out->labels[entry->label_count++] = (struct entry_label){
            .a_label = slot_idns[slot], .u_label = slot_u[slot], .upper = slot_upper[slot]};
    entry->labels = out->labels;
}

static void make_contacts(const struct file *file, struct made *out)
{
    static const char *const ids[] = {"security", "dns", "registration"};

    snprintf(out->text[2], sizeof out->text[2], "Team %u", file->name);
    out->phone = (struct phone){"+442079460101", false};
    for (unsigned i = 0; i < file->contacts; i++)
        out->contacts[i] = (struct contact){
            .id = ids[i],
            .roles = 1u << i,
            .order = i + 1,
            .name = out->text[2],
            .phone_count = 1,
            .phones = &out->phone,
            .email = "team@nic.example",
            .hours = "24x7",
            .visibility = file->visibility,
        };
    out->entry.contacts = out->contacts;
    out->entry.contact_count = file->contacts;
}

static void make_entry(struct site *site, const struct file *file, size_t slot, struct made *out)
{
    snprintf(out->text[3], sizeof out->text[3], "contacts/%zu.yaml", slot);
    out->entry = (struct entry){
        .file = out->text[3],
        .registry = "Some Registry",
        .verified_days = site->p.f.rules.today - file->age,
        .verified_by = "callback",
    };
    make_labels(file, slot, out);
    make_contacts(file, out);
}

static int by_label(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    return strcmp(a->labels[0].a_label, b->labels[0].a_label);
}

static void note_former(struct site *site, const struct file *file, size_t slot, size_t *count)
{
    static struct made scratch[SLOTS]; /* labels point into it */
    struct made *made = &scratch[slot];

    make_entry(site, file, slot, made);
    for (size_t i = 0; i < made->entry.label_count; i++) {
        const struct entry_label *label = &made->labels[i];
        site->former[(*count)++] = label->a_label;
        if (label->u_label != NULL) {
            site->former[(*count)++] = label->u_label;
            site->former[(*count)++] = label->upper;
        }
    }
}

static void summarise(struct site *site, struct entry *entry)
{
    enum visibility visibility = entry->contacts[0].visibility;
    entry->is_summary = true;
    entry->as_of_days = site->p.f.rules.today;
    entry->registry = NULL;
    entry->verified_by = NULL;
    entry->contacts = site->blank[visibility];
}

static bool is_same(const struct file *a, const struct file *b)
{
    return a->exists == b->exists && a->name == b->name && a->contacts == b->contacts &&
           a->labels == b->labels && a->visibility == b->visibility && a->age == b->age;
}

/* All files as contacts; with `summaries`, those that did not change as such. */
static struct contacts make_all(struct site *site, bool summaries)
{
    struct contacts all = {.entries = site->entries, .former = site->former};

    for (size_t i = 0; i < SLOTS; i++) {
        bool same = is_same(&site->files[i], &site->before[i]);
        if (summaries && !same && site->before[i].exists)
            note_former(site, &site->before[i], i, &all.former_count);
        if (!site->files[i].exists)
            continue;
        site->made[i] = (struct made){.entry = {.label_count = 0}};
        make_entry(site, &site->files[i], i, &site->made[i]);
        struct entry *entry = &site->entries[all.entry_count++];
        *entry = site->made[i].entry;
        all.contact_count += entry->contact_count;
        if (summaries && same)
            summarise(site, entry);
    }
    qsort(site->entries, all.entry_count, sizeof site->entries[0], by_label);
    return all;
}

static struct commit_result put(struct site *site, bool summaries, int64_t now)
{
    struct published *p = summaries ? &site->p : &site->whole;
    struct build_rules rules = site->p.f.rules;
    struct contacts all = make_all(site, summaries);
    struct arena *arena = arena_create();
    struct edit *edit = begin_edit(p->store);
    struct commit_result result;
    struct build *build = NULL;

    rules.contacts = &all;
    assert_int_equal(build_open(&rules, arena, p->f.diag, &build), STATUS_OK);
    const struct commit_request request = {
        .edit = edit,
        .zone = rules.zone,
        .keys = rules.zone->dnssec ? &site->keys : NULL,
        .threads = 2,
        .now = now,
        .diag = p->f.diag,
    };
    assert_int_equal(commit_build(&request, build, &result), STATUS_OK);
    build_close(build);
    arena_destroy(arena);
    end_edit(edit);
    return result;
}

static void change_file(struct file *file)
{
    switch (random() % 8) {
    case 0:
        file->exists = !file->exists;
        break;
    case 1:
        file->labels = (unsigned)random() % 4;
        break;
    case 2:
        file->contacts = 1 + (unsigned)random() % 3;
        break;
    case 3:
        file->visibility =
            file->visibility == VISIBILITY_PUBLIC ? VISIBILITY_MEMBERS : VISIBILITY_PUBLIC;
        break;
    case 4:
        file->age = (int32_t)(random() % 3) * 200;
        break;
    default:
        file->name++;
        break;
    }
}

static void site_start(struct site *site)
{
    memset(site, 0, sizeof *site);
    published_start(&site->p);
    published_start(&site->whole);
    site->arena = arena_create();
    assert_non_null(site->arena);
    for (size_t i = 0; i < 3; i++) {
        site->blank[VISIBILITY_PUBLIC][i].visibility = VISIBILITY_PUBLIC;
        site->blank[VISIBILITY_MEMBERS][i].visibility = VISIBILITY_MEMBERS;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        memset(&site->files[i], 0, sizeof site->files[i]);
        site->files[i].exists = i % 3 != 0;
        site->files[i].contacts = 2;
        site->files[i].labels = (unsigned)i % 4;
    }
    /* A name server of its own, and one below a label that comes and goes. */
    struct fixture *f = &site->p.f;
    f->addresses[0] = (struct prefix){.family = AF_INET, .octets = {192, 0, 2, 1}, .bits = 32};
    f->nameservers[1] = (struct config_nameserver){
        .name = name_of("ns1.cc.example"), .address_count = 1, .addresses = f->addresses};
    f->nameservers[2] = (struct config_nameserver){
        .name = name_of("ns.mf.cc.example"), .address_count = 1, .addresses = f->addresses};
    f->zone.nameserver_count = 3;
}

static void site_end(struct site *site)
{
    arena_destroy(site->arena);
    published_end(&site->p);
    published_end(&site->whole);
}

/* Signatures by Ed25519 are the same whenever they are made of the same (RFC 8032 §5.1.6). */
static void sign_it(struct site *site)
{
    struct keyfile *file = arena_alloc(site->arena, sizeof *file);

    snprintf(site->folder, sizeof site->folder, "%s/keys", site->p.temporary.folder);
    site->policy = (struct config_policy){
        .id = "default",
        .algorithm = ALGORITHM_ED25519,
        .key_dir = site->folder,
        .rrsig_lifetime = 60 * 86400,
        .rrsig_refresh = 32 * 86400,
        .cds = DNSSEC_CDS_ON,
    };
    site->p.f.zone.dnssec = true;
    site->p.f.zone.policy = &site->policy;
    assert_non_null(file);
    assert_int_equal(keyfile_generate(site->folder, &site->p.f.zone.domain, ALGORITHM_ED25519,
                                      DNSKEY_ZONE | DNSKEY_SEP, site->arena, site->p.f.diag, file),
                     STATUS_OK);
    site->keys.keys[site->keys.count++] = (struct keyset_key){file, KEY_ALL};
}

static void remove_keys(struct site *site)
{
    char command[160];
    snprintf(command, sizeof command, "rm -r %s", site->folder);
    assert_int_equal(system(command), 0);
}

static void assert_same_results(const struct commit_result *a, const struct commit_result *b)
{
    assert_int_equal(a->changed, b->changed);
    assert_int_equal(a->serial, b->serial);
    assert_int_equal(a->old_serial, b->old_serial);
    assert_int_equal(a->entries_before, b->entries_before);
    assert_int_equal(a->entries_after, b->entries_after);
    assert_int_equal(a->entries_deleted, b->entries_deleted);
    assert_int_equal(a->names_added, b->names_added);
    assert_int_equal(a->names_changed, b->names_changed);
    assert_int_equal(a->names_deleted, b->names_deleted);
    assert_int_equal(a->names_after, b->names_after);
    assert_int_equal(a->names_renewed, b->names_renewed);
    assert_int_equal(a->signatures_made, b->signatures_made);
}

/* Each serial that there was, as a zone file. */
struct kept {
    size_t count;
    struct {
        uint32_t serial;
        char *text;
    } was[ROUNDS + 1];
};

static void keep(struct site *site, struct kept *kept, uint32_t serial)
{
    struct snapshot *snapshot;
    struct stored_source *stored;

    if (kept->count > 0 && kept->was[kept->count - 1].serial == serial)
        return;
    assert_int_equal(snapshot_create(site->p.store, &snapshot), STATUS_OK);
    struct zone_record record = record_of(snapshot, "cc.example");
    assert_int_equal(stored_source_open(snapshot, &record, &stored), STATUS_OK);
    struct node_source source = stored_source_nodes(stored);
    kept->was[kept->count].serial = serial;
    kept->was[kept->count++].text = print_zone(&source);
    stored_source_close(stored);
    snapshot_destroy(snapshot);
}

/* find() has what next() yields, and nothing else. */
static void assert_finds(const struct node_source *source)
{
    struct node node, found;
    struct name child;

    assert_int_equal(source->rewind(source->state), STATUS_OK);
    while (source->next(source->state, &node) == STATUS_OK) {
        assert_int_equal(source->find(source->state, node.owner.octets, &found), STATUS_OK);
        assert_int_equal(found.rrset_count, node.rrset_count);
        for (size_t i = 0; i < node.rrset_count; i++)
            assert_true(rrset_equals(&node.rrsets[i], &found.rrsets[i]));
        const uint8_t *parent = name_parent(node.owner.octets, node.owner.length > 1);
        if (name_is_within(parent, source->apex.octets)) /* a name, or an empty non-terminal */
            assert_int_equal(source->find(source->state, parent, &found), STATUS_OK);
        if (name_prepend(&child, (const uint8_t *)"none", 4, node.owner.octets) == STATUS_OK)
            assert_int_equal(source->find(source->state, child.octets, &found), STATUS_NOT_FOUND);
    }
}

/* The present zone and the steps since are each zone that there was, signatures and all. */
static void assert_past(struct site *site, struct kept *kept, int64_t rounds)
{
    struct snapshot *snapshot;
    struct past_source *past;

    assert_int_equal(snapshot_create(site->p.store, &snapshot), STATUS_OK);
    struct zone_record record = record_of(snapshot, "cc.example");
    assert_true((int64_t)kept->count > rounds / 3);
    for (uint32_t step = 1; step < kept->count; step++) {
        struct history_step found;
        uint64_t difference;
        uint32_t serial = kept->was[step - 1].serial;
        assert_int_equal(history_find(snapshot, record.number, serial, &found, &difference),
                         STATUS_OK);
        assert_int_equal(found.step, step);
        assert_int_equal(found.new_serial, kept->was[step].serial);
        assert_int_equal(past_source_open(snapshot, &record, step, &past), STATUS_OK);
        struct node_source source = past_source_nodes(past);
        char *text = print_zone(&source);
        assert_string_equal(text, kept->was[step - 1].text);
        if (step % 16 == 0)
            assert_finds(&source);
        free(text);
        past_source_close(past);
    }
    snapshot_destroy(snapshot);
    for (size_t i = 0; i < kept->count; i++)
        free(kept->was[i].text);
}

static void publish_many(struct site *site)
{
    struct kept kept = {.count = 0};
    int64_t rounds = getenv("SHORT") != NULL ? 40 : ROUNDS;

    struct commit_result first = put(site, false, NOW);
    struct commit_result again = put(site, true, NOW);
    assert_same_results(&first, &again);
    keep(site, &kept, first.serial);
    for (int64_t round = 1; round <= rounds; round++) {
        memcpy(site->before, site->files, sizeof site->files);
        for (long changes = random() % 4; changes > 0; changes--)
            change_file(&site->files[random() % SLOTS]);
        struct commit_result whole = put(site, false, NOW + round);
        struct commit_result changed = put(site, true, NOW + round);
        assert_same_results(&whole, &changed);
        for (int table = STORE_TABLE_ZONES; table <= STORE_TABLE_HISTORY; table++)
            assert_same(dump_store(site->whole.store, table, 0),
                        dump_store(site->p.store, table, 0));
        keep(site, &kept, changed.serial);
    }
    assert_past(site, &kept, rounds);
}

static void what_changed_or_everything_leaves_the_same(void **state)
{
    struct site site;
    (void)state;

    srandom(1);
    site_start(&site);
    publish_many(&site);
    site_end(&site);
}

static void what_changed_or_everything_leaves_the_same_for_members(void **state)
{
    struct site site;
    (void)state;

    srandom(2);
    site_start(&site);
    site.p.f.zone.audience = AUDIENCE_MEMBERS;
    site.p.f.zone.zonemd = false;
    publish_many(&site);
    site_end(&site);
}

static void what_changed_or_everything_leaves_the_same_signed_zone(void **state)
{
    struct site site;
    (void)state;

    srandom(3);
    site_start(&site);
    sign_it(&site);
    publish_many(&site);
    remove_keys(&site);
    site_end(&site);
}

/* The record of a kept name is not even read: damage there is no matter. */
static void what_stays_is_neither_read_nor_written(void **state)
{
    struct site site;
    const uint8_t value[] = {1, 2, 3};
    struct key key;
    (void)state;

    site_start(&site);
    for (size_t i = 0; i < SLOTS; i++)
        site.files[i].exists = true;
    site.p.f.zone.zonemd = false; /* else all is read */
    put(&site, true, NOW);
    memcpy(site.before, site.files, sizeof site.files);

    key_of_name(&key, 0, name_of("ie.cc.example").octets, 1);
    struct edit *edit = begin_edit(site.p.store);
    struct item item;
    assert_int_equal(snapshot_walk(edit_snapshot(edit), WALK_AT, key.octets, key.length, &item),
                     STATUS_OK);
    assert_int_equal(edit_put(edit, key.octets, key.length, value, sizeof value), STATUS_OK);
    end_edit(edit);

    site.files[0].name = 7; /* ma */
    assert_true(put(&site, true, NOW + 1).changed);
    struct snapshot *snapshot;
    assert_int_equal(snapshot_create(site.p.store, &snapshot), STATUS_OK);
    assert_int_equal(snapshot_walk(snapshot, WALK_AT, key.octets, key.length, &item), STATUS_OK);
    assert_int_equal(item.value_octets, sizeof value);
    snapshot_destroy(snapshot);
    site_end(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changed_or_everything_leaves_the_same),
        cmocka_unit_test(what_changed_or_everything_leaves_the_same_for_members),
        cmocka_unit_test(what_changed_or_everything_leaves_the_same_signed_zone),
        cmocka_unit_test(what_stays_is_neither_read_nor_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
