/* The table of NSEC3 records follows what is restored, published or removed. */
#include "tests/unit/commit/published.h"

#include "store/nsec3.h"
#include "zone/zonefile.h"

#include <unistd.h>

#define FIRST  "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
#define SECOND "3msev9usmd4br9s97v51r2tdvmr9iqo1"
#define THIRD  "r53bq7cc2uvmubfu5ocmm6pers9tk9en"
#define HEAD                                                                                       \
    "$ORIGIN cc.example.\n$TTL 300\n@ SOA ns1 h 1 3600 900 2419200 300\n@ NS ns1\n"                \
    "@ NSEC3PARAM 1 0 7 abcd\n"

/* Restores a zone from text. */
static void restore(struct published *p, const char *text)
{
    char path[] = "/tmp/contactd-nsec3-XXXXXX";
    int fd = mkstemp(path);
    struct zonefile *zonefile = zonefile_create("/tmp", ZONEFILE_HELD_OCTETS);
    struct diag *diag = diag_create();
    struct node_source source;
    struct commit_result result;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    assert_int_equal(zonefile_read(path, NULL, zonefile, diag, &source), STATUS_OK);
    unlink(path);
    struct edit *edit = begin_edit(p->store);
    const struct commit_request request = {.edit = edit, .zone = &p->f.zone, .diag = diag};
    assert_int_equal(commit_restore(&request, &source, &result), STATUS_OK);
    end_edit(edit);
    diag_destroy(diag);
    zonefile_destroy(zonefile);
}

/* Which of the three are stored, as bits. */
static unsigned stored_of(struct published *p)
{
    static const char *const labels[] = {FIRST, SECOND, THIRD};
    struct snapshot *snapshot;
    unsigned found = 0;

    assert_int_equal(snapshot_create(p->store, &snapshot), STATUS_OK);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t label[1 + NSEC3_LABEL_OCTETS] = {NSEC3_LABEL_OCTETS};
        uint8_t hash[NSEC3_HASH_OCTETS];
        struct nsec3_value value;
        bool matches = false;
        memcpy(label + 1, labels[i], NSEC3_LABEL_OCTETS);
        assert_true(nsec3_hash_of_label(label, hash));
        enum status status = nsec3_find(snapshot, 0, hash, &value, &matches);
        assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
        if (status == STATUS_OK && matches)
            found |= 1u << i;
    }
    snapshot_destroy(snapshot);
    return found;
}

static void the_table_is_that_of_what_was_restored_last(void **state)
{
    static const struct {
        const char *text;
        unsigned stored;
    } cases[] = {
        {HEAD FIRST " NSEC3 1 0 7 abcd " SECOND "\n" SECOND " NSEC3 1 0 7 abcd " FIRST "\n", 3},
        {HEAD SECOND " NSEC3 1 1 7 abcd " THIRD " A\n" THIRD " NSEC3 1 0 7 abcd " SECOND "\n", 6},
        {HEAD FIRST " NSEC3 1 0 7 abcd " THIRD "\n" THIRD " NSEC3 1 0 7 abcd " FIRST "\n", 5},
        {HEAD "a A 192.0.2.1\n", 0},
        {HEAD SECOND " NSEC3 1 0 7 abcd " SECOND "\n", 2},
    };
    struct published p;
    (void)state;

    published_start(&p);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        restore(&p, cases[i].text);
        assert_int_equal(stored_of(&p), cases[i].stored);
        struct dump once = dump_store(p.store, -1, 0);
        restore(&p, cases[i].text);
        assert_same(once, dump_store(p.store, -1, 0));
    }
    published_end(&p);
}

static void the_zones_record_has_the_parameters(void **state)
{
    struct published p;
    struct snapshot *snapshot;
    (void)state;

    published_start(&p);
    restore(&p, HEAD FIRST " NSEC3 1 0 7 abcd " FIRST "\n");
    assert_int_equal(snapshot_create(p.store, &snapshot), STATUS_OK);
    struct zone_record record = record_of(snapshot, "cc.example");
    assert_int_equal(record.flags, ZONE_RESTORED | ZONE_NSEC3); /* not signed: no DNSKEY */
    assert_int_equal(record.iterations, 7);
    assert_int_equal(record.salt_octets, 2);
    assert_memory_equal(record.salt, "\xab\xcd", 2);
    snapshot_destroy(snapshot);
    published_end(&p);
}

static void a_publish_and_a_removal_leave_none(void **state)
{
    struct published p;
    struct commit_result result;
    (void)state;

    published_start(&p);
    add_xanadu(&p.f);
    restore(&p, HEAD FIRST " NSEC3 1 0 7 abcd " FIRST "\n");
    publish(&p, 1795352400, NULL);
    assert_int_equal(stored_of(&p), 0);
    restore(&p, HEAD FIRST " NSEC3 1 0 7 abcd " FIRST "\n");
    struct edit *edit = begin_edit(p.store);
    struct zone_record record = record_of(edit_snapshot(edit), "cc.example");
    assert_int_equal(commit_remove(edit, &record, NULL, &result), STATUS_OK);
    end_edit(edit);
    assert_int_equal(stored_of(&p), 0);
    published_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_that_of_what_was_restored_last),
        cmocka_unit_test(the_zones_record_has_the_parameters),
        cmocka_unit_test(a_publish_and_a_removal_leave_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
