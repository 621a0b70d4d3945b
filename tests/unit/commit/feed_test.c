/* What many threads make of a zone is what one makes: the same nodes, the same octets, the same
 * complaints, in the same order. */
#include "tests/unit/zone/fixture.h"

#include "commit/feed.h"

#define ENTRIES 500

/* Many entries; every seventh has an IDN, every third says something. */
struct many {
    struct fixture f;
    char labels[ENTRIES][3][16];
    struct entry_label forms[ENTRIES];
    struct entry entries[ENTRIES];
};

static void start(struct many *many, unsigned threads)
{
    struct fixture *f = &many->f;

    fixture_start(f);
    add_xanadu(f);
    add_entry(f, "contacts/xb.yaml", "xb", "Somewhere");
    struct contact *wordy = add_contact(f, 1, "noc", ROLE_SECURITY);
    wordy->note = "a note that makes the answer long, and longer than it has to be, so that this "
                  "entry has something to say of itself wherever it is looked at";
    for (size_t i = 0; i < 8; i++)
        add_contact(f, 1, (const char *[]){"a", "b", "c", "d", "e", "g", "h", "i"}[i], ROLE_DNS)
            ->note = wordy->note;
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry_label *form = &many->forms[i];
        snprintf(many->labels[i][0], sizeof many->labels[i][0], "l%03zu", i);
        snprintf(many->labels[i][1], sizeof many->labels[i][1], "\xc3\xa9%03zu", i);
        *form = f->labels[i % 3 == 0][0];
        form->a_label = many->labels[i][0];
        form->u_label = i % 7 == 0 ? many->labels[i][1] : NULL;
        many->entries[i] = f->entries[i % 3 == 0];
        many->entries[i].labels = form;
        many->entries[i].place.line = (unsigned)i + 1;
    }
    f->all.entries = many->entries;
    f->all.entry_count = ENTRIES;
    f->rules.threads = threads;
    assert_int_equal(build_open(&f->rules, f->arena, f->diag, &f->build), STATUS_OK);
    build_stamp(f->build, 4711, 1795352400);
}

static void compare_items(const struct feed_item *left, const struct feed_item *right)
{
    assert_int_equal(left->status, right->status);
    assert_int_equal(left->key_octets, right->key_octets);
    assert_memory_equal(left->key, right->key, left->key_octets);
    assert_int_equal(left->value_octets, right->value_octets);
    assert_memory_equal(left->value, right->value, left->value_octets);
    assert_true(name_equals(left->node.owner.octets, right->node.owner.octets));
    assert_int_equal(left->node.rrset_count, right->node.rrset_count);
    for (size_t i = 0; i < left->node.rrset_count; i++)
        assert_true(rrset_equals(&left->node.rrsets[i], &right->node.rrsets[i]));
}

static struct feed *open_feed(const struct node_source *source)
{
    struct feed *feed = NULL;

    assert_int_equal(feed_open(source, 1, &feed), STATUS_OK);
    assert_int_equal(feed_begin(feed), STATUS_OK);
    return feed;
}

static void any_number_of_threads_makes_the_same(void **state)
{
    static struct many many;
    (void)state;

    for (unsigned threads = 0; threads <= 4; threads++) {
        const struct feed_item *left, *right;
        enum status status;
        size_t count = 0;
        start(&many, threads);
        struct node_source shared = build_source(many.f.build);
        struct node_source plain = shared;
        plain.views = NULL;
        struct feed *many_hands = open_feed(&shared);
        struct feed *one_hand = open_feed(&plain);
        while ((status = feed_next(one_hand, &right)) == STATUS_OK) {
            assert_int_equal(feed_next(many_hands, &left), STATUS_OK);
            compare_items(left, right);
            count++;
        }
        assert_int_equal(status, STATUS_NOT_FOUND);
        assert_int_equal(feed_next(many_hands, &left), STATUS_NOT_FOUND);
        assert_true(count > 5 * ENTRIES);
        feed_close(many_hands);
        feed_close(one_hand);
        fixture_end(&many.f);
    }
}

static void any_number_of_threads_says_the_same_in_the_same_order(void **state)
{
    static struct many one, other;
    (void)state;

    start(&one, 0);
    assert_true(diag_total(one.f.diag) > ENTRIES / 3);
    for (unsigned threads = 1; threads <= 4; threads++) {
        start(&other, threads);
        assert_int_equal(diag_total(one.f.diag), diag_total(other.f.diag));
        for (size_t i = 0; i < diag_total(one.f.diag); i++) {
            const struct diagnostic *left = diag_at(one.f.diag, i);
            const struct diagnostic *right = diag_at(other.f.diag, i);
            assert_int_equal(left->place.line, right->place.line);
            assert_string_equal(left->message, right->message);
        }
        fixture_end(&other.f);
    }
    fixture_end(&one.f);
}

static void a_feed_may_be_left_in_the_middle(void **state)
{
    static struct many many;
    const struct feed_item *item;
    (void)state;

    start(&many, 3);
    struct node_source source = build_source(many.f.build);
    struct feed *feed = open_feed(&source);
    for (size_t i = 0; i < ENTRIES; i++)
        assert_int_equal(feed_next(feed, &item), STATUS_OK);
    feed_close(feed);
    feed_close(NULL);
    fixture_end(&many.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_makes_the_same),
        cmocka_unit_test(any_number_of_threads_says_the_same_in_the_same_order),
        cmocka_unit_test(a_feed_may_be_left_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
