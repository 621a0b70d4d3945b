#include "contacts/entry.h"

#include "value.h"

static void names_and_bits_of_roles_agree(void **state)
{
    (void)state;
    for (unsigned role = 1; role < 1u << ROLE_COUNT; role <<= 1)
        assert_int_equal(role_from_name(role_name(role)), role);
    assert_int_equal(role_from_name("dns"), ROLE_DNS);
    assert_int_equal(role_from_name("DNS"), 0);
    assert_int_equal(role_from_name(""), 0);
    assert_null(role_name(0));
    assert_null(role_name(ROLE_DNS | ROLE_CSIRT));
    assert_null(role_name(1u << ROLE_COUNT));
}

static void only_the_last_label_of_a_mailbox_counts(void **state)
{
    (void)state;
    assert_true(mailbox_is_under("a@nic.no", "no"));
    assert_true(mailbox_is_under("a@nic.NO", "no"));
    assert_true(mailbox_is_under("a@nic.xn--p1ai", "xn--p1ai"));
    assert_false(mailbox_is_under("a@no.example", "no"));
    assert_false(mailbox_is_under("no@nic.example", "no"));
    assert_false(mailbox_is_under("a@nic.xno", "no"));
    assert_false(mailbox_is_under(NULL, "no"));
}

static void an_internal_contact_is_not_published(void **state)
{
    (void)state;
    assert_true(contact_is_published(&(struct contact){.visibility = VISIBILITY_PUBLIC}));
    assert_true(contact_is_published(&(struct contact){.visibility = VISIBILITY_MEMBERS}));
    assert_false(contact_is_published(&(struct contact){.visibility = VISIBILITY_INTERNAL}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_bits_of_roles_agree),
        cmocka_unit_test(only_the_last_label_of_a_mailbox_counts),
        cmocka_unit_test(an_internal_contact_is_not_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
