#include "contacts/phone.h"

#include "value.h"

static void check(const char *text, const char *number, bool text_only)
{
    struct value value = value_start();
    struct yaml_node node = value_node(text);
    struct phone phone = {.number = NULL};

    assert_true(phone_read(&value.reading, &node, &phone));
    assert_string_equal(phone.number, number);
    assert_int_equal(phone.text_only, text_only);
    assert_string_equal(value_rule(&value), "");
    value_end(&value);
}

/* `fix` is what the message must show, "" for anything. */
static void refuse(const char *text, const char *rule, const char *fix)
{
    struct value value = value_start();
    struct yaml_node node = value_node(text);
    struct phone phone = {.number = "untouched"};

    assert_false(phone_read(&value.reading, &node, &phone));
    assert_string_equal(phone.number, "untouched");
    assert_string_equal(value_rule(&value), rule);
    assert_non_null(strstr(value_message(&value), fix));
    value_end(&value);
}

static void separators_are_left_out(void **state)
{
    (void)state;
    check("+44 20 7946 0101", "+442079460101", false);
    check("+44 (20) 7946-0101", "+442079460101", false);
    check("+49 69/27.235-0", "+4969272350", false);
    check("+1234567", "+1234567", false);
    check("+123456789012345", "+123456789012345", false);
}

static void sms_marks_a_text_only_number(void **state)
{
    (void)state;
    check("sms:+47 22 42 20 98", "+4722422098", true);
    check("sms: +4722422098", "+4722422098", true);
}

static void a_national_number_is_refused_with_the_fix(void **state)
{
    (void)state;
    refuse("+44 (0)20 7946 0101", "phone-e164", "; write +442079460101");
    refuse("0044 20 7946 0101", "phone-e164", "; write +442079460101");
    refuse("tel:+442079460101", "phone-e164", "; write +442079460101");
    refuse("sms:0044 20 7946 0101", "phone-e164", "; write sms:+442079460101");
    refuse("020 7946 0101", "phone-e164", "; write + and the country code");
    refuse("+44 (020) 7946 0101", "phone-e164", "without parentheses");
}

static void too_few_or_many_digits_are_refused(void **state)
{
    (void)state;
    refuse("+123456", "phone-e164", "7 to 15 digits");
    refuse("+1234567890123456", "phone-e164", "7 to 15 digits");
    refuse("+0123456789", "phone-e164", "");
    refuse("", "phone-e164", "");
    refuse("+", "phone-e164", "");
    refuse("sms:", "phone-e164", "");
    refuse("call us", "phone-e164", "");
    refuse("+44 20 7946 01\xc2\xa0"
           "01",
           "phone-e164", "");
}

static void an_extension_is_refused(void **state)
{
    (void)state;
    refuse("+44 20 7946 0101 x12", "phone-extension", "'x12'");
    refuse("+44 20 7946 0101ext12", "phone-extension", "'ext12'");
    refuse("+44 20 7946 0101 Ext. 12", "phone-extension", "'Ext. 12'");
    refuse("+44 20 7946 0101#12", "phone-extension", "'#12'");
}

static void two_numbers_are_refused(void **state)
{
    (void)state;
    refuse("+44 20 7946 0101 / +44 20 7946 0102", "phone-two", "[+442079460101, +442079460102]");
    refuse("+442079460101,+442079460102", "phone-two", "[+442079460101, +442079460102]");
    refuse("+44 20 7946 0101/02", "phone-two", "list");
    refuse("++44 20 7946 0101", "phone-two", "list");
    refuse("+1+2+3", "phone-two", "list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_are_left_out),
        cmocka_unit_test(sms_marks_a_text_only_number),
        cmocka_unit_test(a_national_number_is_refused_with_the_fix),
        cmocka_unit_test(too_few_or_many_digits_are_refused),
        cmocka_unit_test(an_extension_is_refused),
        cmocka_unit_test(two_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
