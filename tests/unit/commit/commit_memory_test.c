/* The n-th allocation fails, for every n: a commit ends with STATUS_SYSTEM or is not hurt, neither
 * leaks nor crashes, and once aborted has changed nothing. */
#include "tests/unit/commit/published.h"
#include "tests/unit/failing.h"
#include "tests/unit/zone/golden.h"

#define NOW 1795352400

/* One kind of commit into an edit; what it allocates before fails nowhere. */
typedef enum status commit_step(struct published *p, struct edit *edit, size_t n);

static enum status commit_contacts(struct published *p, struct edit *edit, size_t n)
{
    struct arena *arena = arena_create();
    struct commit_result result;
    struct build *build;

    assert_int_equal(build_open(&p->f.rules, arena, p->f.diag, &build), STATUS_OK);
    failing_left = n;
    const struct commit_request request = {
        .edit = edit, .zone = &p->f.zone, .now = NOW + 1, .diag = p->f.diag};
    enum status status = commit_build(&request, build, &result);
    size_t left = failing_left;
    failing_left = 0;
    build_close(build);
    arena_destroy(arena);
    failing_left = left;
    return status;
}

/* Of an entry that changed beside one that did not. */
static enum status commit_change(struct published *p, struct edit *edit, size_t n)
{
    struct entry *other = &p->f.entries[1];

    other->is_summary = true;
    enum status status = commit_contacts(p, edit, n);
    other->is_summary = false;
    return status;
}

static const char zone_text[] =
    "$ORIGIN cc.example.\n$TTL 300\n@ SOA ns1 h 4711 3600 900 604800 300\n@ NS ns1\n"
    "ns1 A 192.0.2.1\nXa TXT x\n*.w CNAME Xa\nalias CNAME y.w\ncut NS ns.cut\nns.cut A 192.0.2.2\n"
    "tocut CNAME cut\nmx MX 1 ns1\n";

static enum status commit_zone(struct published *p, struct edit *edit, size_t n)
{
    struct read_zone zone = read_zone_text(zone_text, sizeof zone_text - 1);
    struct commit_result result;

    assert_int_equal(zone.status, STATUS_OK);
    failing_left = n;
    const struct commit_request request = {
        .edit = edit, .zone = &p->f.zone, .now = NOW, .diag = p->f.diag};
    enum status status = commit_restore(&request, &zone.source, &result);
    size_t left = failing_left;
    failing_left = 0;
    drop_zone(&zone);
    failing_left = left;
    return status;
}

static enum status commit_removal(struct published *p, struct edit *edit, size_t n)
{
    struct commit_result result;
    struct zone_record record = record_of(edit_snapshot(edit), "cc.example");

    (void)p;
    failing_left = n;
    return commit_remove(edit, &record, NULL, &result);
}

/* True when the n-th allocation was reached. */
static bool fails_well(struct published *p, commit_step *step, size_t n)
{
    struct edit *edit = begin_edit(p->store);
    enum status status = step(p, edit, n);
    bool reached = n > 0 && failing_left == 0;

    failing_left = 0;
    edit_abort(edit);
    assert_true(status == STATUS_OK || (reached && status == STATUS_SYSTEM));
    return reached;
}

static void every_allocation_of_a_commit_may_fail(void **state)
{
    static commit_step *const steps[] = {commit_contacts, commit_change, commit_zone,
                                         commit_removal};
    (void)state;

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct published p;
        size_t n = 1;
        published_start(&p);
        add_xanadu(&p.f);
        add_entry(&p.f, "contacts/xb.yaml", "xb", "Somewhere");
        add_contact(&p.f, 1, "noc", ROLE_SECURITY);
        publish(&p, NOW, NULL);
        p.f.contacts[0][0].name = "Somebody else";
        struct dump before = dump_store(p.store, -1, 0);
        assert_false(fails_well(&p, steps[i], 0));
        while (fails_well(&p, steps[i], n))
            n++;
        assert_true(n > 3);
        assert_same(before, dump_store(p.store, -1, 0));
        published_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_commit_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
