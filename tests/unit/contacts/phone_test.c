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

static void groups_of_one_number_are_no_second_number(void **state)
{
    static const char *const pairs[][2] = {
        {"+44 20-7946-0101", "+442079460101"},    {"+1-264-497-2651", "+12644972651"},
        {"+1 (264) 497-2651", "+12644972651"},    {"+1.264.497.2651", "+12644972651"},
        {"+1.2644972651", "+12644972651"},        {"+49 30 901820-0", "+49309018200"},
        {"+49 33056-123456", "+4933056123456"},   {"+43 1 12345-678", "+43112345678"},
        {"+7 495 123-45-67", "+74951234567"},     {"+7 495 123-45-47", "+74951234547"},
        {"+380 44 123-45-67", "+380441234567"},   {"+33.1.23.45.67.89", "+33123456789"},
        {"+55 11 91234-5678", "+5511912345678"},  {"+54-9-11-1234-5678", "+5491112345678"},
        {"+507 6123-4567", "+50761234567"},       {"+420 123 456-789", "+420123456789"},
        {"+234-803-123-4567", "+2348031234567"},  {"+62 812-3456-7890", "+6281234567890"},
        {"+81-90-1234-5678", "+819012345678"},    {"+47 22 42 20 98 2099", "+47224220982099"},
        {"+49 30 90 18 20 12", "+493090182012"},  {"+41 44/668 18 00", "+41446681800"},
        {"+49 (33056) 123456", "+4933056123456"}, {"+1 (264) 497.2651", "+12644972651"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        check(pairs[i][0], pairs[i][1], false);
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
    refuse("+44 20 7946 0101/02", "phone-two", "[+442079460101, +442079460102]");
    refuse("++44 20 7946 0101", "phone-two", "list");
    refuse("+1+2+3", "phone-two", "list");
}

static void a_second_ending_is_refused_with_both_numbers(void **state)
{
    static const char *const pairs[][2] = {
        {"+47 22 42 20 98/2099", "[+4722422098, +4722422099]"},
        {"+354 570 2000/2001", "[+3545702000, +3545702001]"},
        {"+1-264-497-2651/2652", "[+12644972651, +12644972652]"},
        {"+44 20 7946 0101-02", "[+442079460101, +442079460102]"},
        {"+44 20 7946 0101 - 0102", "[+442079460101, +442079460102]"},
        {"+47 22 42 20 98-99", "[+4722422098, +4722422099]"},
        {"+47 22-42-20-98-99", "[+4722422098, +4722422099]"},
        {"+47 22.42.20.98/99", "[+4722422098, +4722422099]"},
        {"+47 22422098 (2099)", "[+4722422098, +4722422099]"},
        {"+683 4000-4001", "[+6834000, +6834001]"},
        {"(+47 22422098/99)", "phone '(+47"},
        {"(+47 22422098-99)", "phone '(+47"},
        {"sms:+47 22 42 20 98/99", "[sms:+4722422098, sms:+4722422099]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        refuse(pairs[i][0], "phone-two", pairs[i][1]);
}

/* One number or two: nobody but the writer knows, and a wrong number rings elsewhere. */
static void a_number_that_reads_in_two_ways_is_refused(void **state)
{
    static const char *const texts[] = {
        "+49 30 901820-12",       "+49 30 901820-5",         "+44 20 7946 0101-2",
        "+47 22 42 20 98-10",     "+47 22422098-120",        "+1-264-497-2651-120",
        "+1-264-497-2651-55",     "+354 570 2000-5300",      "+354 5702000-5715300",
        "+290 22222-22333",       "+290 22222/22333",        "+47 22 42 20 98.10",
        "+47 22422098 (12)",      "+47 (22422098) 12",       "+47 22422098 (10/20)",
        "+44 20 7946 0101/+",     "0047 22 42 20 98/2599",   "tel:+4722422098/2599",
        "+44 (0)20 7946 0101/02", "+47 22 42 20 98/20/2599", "+44 20/123",
        "+43 5522/12345-67",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        refuse(texts[i], "phone-two", "list of whole numbers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_are_left_out),
        cmocka_unit_test(groups_of_one_number_are_no_second_number),
        cmocka_unit_test(sms_marks_a_text_only_number),
        cmocka_unit_test(a_national_number_is_refused_with_the_fix),
        cmocka_unit_test(too_few_or_many_digits_are_refused),
        cmocka_unit_test(an_extension_is_refused),
        cmocka_unit_test(two_numbers_are_refused),
        cmocka_unit_test(a_second_ending_is_refused_with_both_numbers),
        cmocka_unit_test(a_number_that_reads_in_two_ways_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
