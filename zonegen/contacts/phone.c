#include "contacts/phone.h"

#include "contacts/text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define E164_MIN_DIGITS 7
#define E164_MAX_DIGITS 15      /* ITU-T E.164 §6.1, the country code counted */
#define JOINTS          "/-.()" /* what stands between groups of digits, and between two numbers */

struct number {
    char text[1 + E164_MAX_DIGITS + 1];
    size_t length;
    bool wrong; /* too long, or a character that no number holds */
};

static void put(struct number *number, char c)
{
    if (number->length + 1 < sizeof number->text)
        number->text[number->length++] = c;
    else
        number->wrong = true;
}

/* The `length` octets at `text` without separators. */
static struct number strip(const char *text, size_t length)
{
    struct number number = {.text = ""};

    for (size_t i = 0; i < length; i++) {
        if (isdigit((unsigned char)text[i]) || (text[i] == '+' && number.length == 0))
            put(&number, text[i]);
        else if (strchr(" -./()", text[i]) == NULL)
            number.wrong = true;
    }
    return number;
}

static bool is_e164(const struct number *number)
{
    return !number->wrong && number->text[0] == '+' && number->length > E164_MIN_DIGITS &&
           number->text[1] != '0'; /* no country code begins with 0 */
}

/* What was meant, most likely: without `tel:` and the (0) of national dialling, 00 as `+`. */
static struct number guess(const char *text)
{
    char plain[64] = "";
    size_t length = 0;

    if (strncasecmp(text, "tel:", 4) == 0)
        text += 4;
    text += strspn(text, " ");
    if (strncmp(text, "00", 2) == 0) {
        plain[length++] = '+';
        text += 2;
    }
    for (; *text != '\0' && length + 1 < sizeof plain; text++) {
        if (strncmp(text, "(0)", 3) == 0)
            text += 2;
        else
            plain[length++] = *text;
    }
    return strip(plain, length);
}

/* Octets of what announces an extension at the beginning of `text` ("x", "ext. "), 0 if nothing. */
static size_t extension_mark(const char *text)
{
    static const char *const marks[] = {"ext", "x", "#", "p", "durchwahl", "poste", "anexo"};

    if (!isalpha((unsigned char)*text) && *text != '#')
        return 0;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t length = strlen(marks[i]);
        if (strncasecmp(text, marks[i], length) != 0)
            continue;
        while (isalpha((unsigned char)text[length]))
            length++;
        return length + strspn(text + length, " .:-");
    }
    return 0;
}

/* Where an extension begins ("x12", "ext. 12", "#12", "p12"), or NULL. */
static const char *find_extension(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        size_t length = extension_mark(at);
        if (length > 0 && at != text && isdigit((unsigned char)at[length]))
            return at;
    }
    return NULL;
}

/* Where a second number begins that is written whole: at a second `+`. NULL if nowhere. */
static const char *find_second(const char *text)
{
    const char *first = strchr(text, '+');
    return first != NULL ? strchr(first + 1, '+') : NULL;
}

/* A mark between digits; what stands behind it may be the end of another number. */
struct joint {
    const char *at; /* NULL: none that may join two numbers */
    size_t before;  /* digits */
    size_t behind;  /* digits */
    bool is_first;  /* no other '-' or '.' stands before it */
};

static size_t count_digits(const char *text, const char *end)
{
    size_t count = 0;
    for (; text < end; text++)
        count += isdigit((unsigned char)*text) ? 1 : 0;
    return count;
}

/* The last `count` digits of those before `end`. */
static uint64_t last_digits(const char *text, const char *end, size_t count)
{
    size_t skipped = count_digits(text, end) - count;
    uint64_t value = 0;

    for (; text < end; text++) {
        if (!isdigit((unsigned char)*text))
            continue;
        if (skipped > 0)
            skipped--;
        else
            value = value * 10 + (uint64_t)(*text - '0');
    }
    return value;
}

/* True for 7946 0101-0102: the digits behind continue those before. Of two digits only the very
 * next are taken for that, as in 01-02: 495 123-45-47 is one number. */
static bool counts_on(const char *text, const struct joint *joint)
{
    size_t count = joint->behind;
    const char *end = joint->at + strlen(joint->at);

    if (count < 2 || count > joint->before || count > E164_MAX_DIGITS)
        return false;
    uint64_t a = last_digits(text, joint->at, count);
    uint64_t b = last_digits(joint->at, end, count);
    return b > a && b - a <= (count > 2 ? 9 : 1);
}

/*
 * Digits before a '-' or '.', from which on they may be a number without those behind. Whole groups
 * of digits are ordinary behind the most of a number: +55 11 91234-5678, +380 44 123-45-67,
 * +420 123 456-789, and the 0 of a switchboard: +49 30 901820-0. Two numbers of just these shapes
 * pass where they do not count on: +47 22-42-20-98-10, or of nine digits +298 212 345-9876.
 */
static size_t least_before(const struct joint *joint)
{
    if (joint->behind == 1)
        return strpbrk(joint->at, "123456789") != NULL ? 8 : SIZE_MAX;
    if (joint->behind == 2)
        return joint->is_first ? 8 : 11;
    return joint->behind < 5 ? 10 : 8;
}

/* True where what stands before the mark may be a number by itself. */
static bool may_join(const char *text, const struct joint *joint)
{
    bool is_whole = joint->before >= E164_MIN_DIGITS;

    if (joint->behind == 0)
        return false;
    if (*joint->at == '/')
        return is_whole || joint->behind < 4; /* too few for '/' to be a separator */
    if (*joint->at == '(')
        return is_whole;
    if (*joint->at == ')')
        return joint->before > E164_MIN_DIGITS; /* +49 (33056) 123456 is one */
    /* Only the last group can be another number's: */
    bool is_last = strpbrk(joint->at + 1, "/-.(") == NULL;
    return is_last && is_whole && (joint->before >= least_before(joint) || counts_on(text, joint));
}

/* The mark that may join two numbers: +47 22 42 20 98/99, +354 570 2000-2001, +1 264 497 2651 (52).
 * Without the mark, they would be one wrong number. */
static struct joint find_joint(const char *text)
{
    const char *at = strpbrk(text, JOINTS);
    size_t total = at != NULL ? count_digits(text, text + strlen(text)) : 0;
    struct joint joint = {.at = text, .is_first = true};

    for (; at != NULL; at = strpbrk(at + 1, JOINTS)) {
        joint.before += count_digits(joint.at, at);
        joint.behind = total - joint.before;
        joint.at = at;
        if (may_join(text, &joint))
            return joint;
        joint.is_first = joint.is_first && strchr("/()", *at) != NULL;
    }
    return (struct joint){.at = NULL};
}

static void refuse_two(struct reading *reading, const struct yaml_node *node, const char *second)
{
    const char *text = node->text;
    size_t first_length = (size_t)(second - text);

    while (first_length > 0 && strchr("+0123456789", text[first_length - 1]) == NULL)
        first_length--; /* what joins them: " / ", ", ", " or " */
    struct number a = strip(text, first_length);
    struct number b = strip(second, strlen(second));
    if (is_e164(&a) && is_e164(&b))
        reading_error(reading, node->place, "phone-two",
                      "phone '%s' is two numbers; write a list: [%s, %s]", text_quote(text).text,
                      a.text, b.text);
    else
        reading_error(reading, node->place, "phone-two",
                      "phone '%s' is more than one number; write a list of whole numbers",
                      text_quote(text).text);
}

/* The number at `text`, which ends in the digits behind the joint instead of its own. */
static struct number second_number(const char *text, const struct joint *joint)
{
    struct number number = strip(text, (size_t)(joint->at - text));
    struct number ending = strip(joint->at, strlen(joint->at));

    const char *zero = strstr(text, "(0");

    if (!is_e164(&number) || (zero != NULL && zero < joint->at) || ending.wrong ||
        ending.length >= number.length)
        return (struct number){.wrong = true};
    memcpy(number.text + number.length - ending.length, ending.text, ending.length);
    return number;
}

static void refuse_joined(struct reading *reading, const struct yaml_node *node, const char *text,
                          const struct joint *joint)
{
    struct number first = strip(text, (size_t)(joint->at - text));
    struct number second = second_number(text, joint);
    const char *kind = text != node->text ? "sms:" : "";

    if (counts_on(text, joint) && is_e164(&second))
        reading_error(reading, node->place, "phone-two",
                      "phone '%s' is two numbers; write a list: [%s%s, %s%s]",
                      text_quote(node->text).text, kind, first.text, kind, second.text);
    else
        reading_error(reading, node->place, "phone-two",
                      "phone '%s' may be two numbers, or one with an extension; write a list of "
                      "whole numbers, or one number with spaces alone between its digits",
                      text_quote(node->text).text);
}

static void refuse(struct reading *reading, const struct yaml_node *node, const char *text)
{
    struct number meant = guess(text);
    struct quoted quoted = text_quote(node->text);
    const char *zero = strstr(text, "(0");

    if (is_e164(&meant) && (zero == NULL || zero[2] == ')'))
        reading_error(reading, node->place, "phone-e164",
                      "phone '%s' is not an international number; write %s%s", quoted.text,
                      text != node->text ? "sms:" : "", meant.text);
    else if (zero != NULL)
        reading_error(reading, node->place, "phone-e164",
                      "phone '%s' is not an international number: it has a 0 in parentheses; write "
                      "it as dialled from abroad, without parentheses",
                      quoted.text);
    else
        reading_error(reading, node->place, "phone-e164",
                      "phone '%s' is not an international number; write + and the country code "
                      "first, %d to %d digits in all",
                      quoted.text, E164_MIN_DIGITS, E164_MAX_DIGITS);
}

bool phone_read(struct reading *reading, const struct yaml_node *node, struct phone *out)
{
    const char *text = node->text;
    bool text_only = strncmp(text, "sms:", 4) == 0;

    if (text_only)
        text += 4 + strspn(text + 4, " ");
    const char *second = find_second(text);
    if (second != NULL) {
        refuse_two(reading, node, second);
        return false;
    }
    const char *extension = find_extension(text);
    if (extension != NULL) {
        reading_error(reading, node->place, "phone-extension",
                      "phone '%s' has an extension ('%s'); write a number that rings there and put "
                      "the extension in note",
                      text_quote(node->text).text, text_quote(extension).text);
        return false;
    }
    struct joint joint = find_joint(text);
    if (joint.at != NULL) {
        refuse_joined(reading, node, text, &joint);
        return false;
    }
    struct number number = strip(text, strlen(text));
    if (!is_e164(&number) || strstr(text, "(0") != NULL) {
        refuse(reading, node, text);
        return false;
    }
    out->number = arena_copy(reading->arena, number.text, number.length);
    out->text_only = text_only;
    return true;
}
