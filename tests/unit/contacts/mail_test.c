#include "contacts/mail.h"

#include "value.h"

#define D60 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
#define L63 "lllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"

static void check(const char *text, const char *wanted)
{
    struct value value = value_start();
    struct yaml_node node = value_node(text);
    const char *mail = mail_read(&value.reading, &node);

    assert_non_null(mail);
    assert_string_equal(mail, wanted);
    value_end(&value);
}

static void refuse(const char *text, const char *rule, const char *fix)
{
    struct value value = value_start();
    struct yaml_node node = value_node(text);

    assert_null(mail_read(&value.reading, &node));
    assert_string_equal(value_rule(&value), rule);
    assert_non_null(strstr(value_message(&value), fix));
    value_end(&value);
}

static void the_domain_comes_out_in_lower_case(void **state)
{
    (void)state;
    check("csirt@nic.example", "csirt@nic.example");
    check("CSIRT@NIC.Example", "CSIRT@nic.example");
    check("a.b+c=d@3com.example", "a.b+c=d@3com.example");
    check("24x7@xn--bcher-kva.example", "24x7@xn--bcher-kva.example");
}

/* RFC 5321 §4.1.2 */
static void the_local_part_is_a_dot_string(void **state)
{
    (void)state;
    refuse("@nic.example", "mail-local", "");
    refuse(".a@nic.example", "mail-local", "");
    refuse("a.@nic.example", "mail-local", "");
    refuse("a..b@nic.example", "mail-local", "");
    refuse("\"a b\"@nic.example", "mail-local", "");
    refuse("a b@nic.example", "mail-local", "");
    refuse("a;b@nic.example", "mail-local", "");
    refuse("\xc3\xa9@nic.example", "mail-local", "");
}

/* RFC 1035 §2.3.4: a label has at most 63 octets */
static void the_local_part_fits_one_label(void **state)
{
    (void)state;
    check(L63 "@nic.example", L63 "@nic.example");
    refuse(L63 "l@nic.example", "mail-local", "64 octets");
}

/* RFC 1035 §2.3.4: a name has at most 255 octets, length octets and the root counted */
static void the_whole_name_fits_255_octets(void **state)
{
    (void)state;
    check("123456789@" D60 "." D60 "." D60 "." D60, "123456789@" D60 "." D60 "." D60 "." D60);
    refuse("1234567890@" D60 "." D60 "." D60 "." D60, "mail-length", "255");
}

static void the_domain_is_a_host_name(void **state)
{
    (void)state;
    refuse("a@", "mail-domain", "");
    refuse("a@nic", "mail-domain", "no dot");
    refuse("a@nic.example.", "mail-domain", "ends in a dot");
    refuse("a@nic..example", "mail-domain", "");
    refuse("a@-nic.example", "mail-domain", "");
    refuse("a@nic-.example", "mail-domain", "");
    refuse("a@n_c.example", "mail-domain", "");
    refuse("a@192.0.2.1", "mail-domain", "");
    refuse("a@[192.0.2.1]", "mail-domain", "");
    refuse("a@" L63 "l.example", "mail-domain", "");
    refuse("a@b\xc3\xbc"
           "cher.example",
           "mail-domain", "write a@xn--bcher-kva.example");
}

static void what_people_write_around_an_address_is_refused(void **state)
{
    (void)state;
    refuse("nobody", "mail-syntax", "no '@'");
    refuse("Team <a@nic.example>", "mail-syntax", "write a@nic.example");
    refuse("mailto:a@nic.example", "mail-syntax", "mailto");
    refuse("a@nic.example, b@nic.example", "mail-syntax", "more than one");
    refuse("", "mail-syntax", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_domain_comes_out_in_lower_case),
        cmocka_unit_test(the_local_part_is_a_dot_string),
        cmocka_unit_test(the_local_part_fits_one_label),
        cmocka_unit_test(the_whole_name_fits_255_octets),
        cmocka_unit_test(the_domain_is_a_host_name),
        cmocka_unit_test(what_people_write_around_an_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
