#include "contacts/phone.h"

#include "contacts/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define E164_MIN_DIGITS 7
#define E164_MAX_DIGITS 15 /* ITU-T E.164 §6.1, the country code counted */

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

/* Where a second number begins: at a second `+`, or at a `/` with too few digits behind it to be a
 * separator ("+44 20 7946 0101/02": stripped, it would be a wrong number). NULL if nowhere. */
static const char *find_second(const char *text)
{
    const char *slash = strrchr(text, '/');
    const char *first = strchr(text, '+');
    const char *second = first != NULL ? strchr(first + 1, '+') : NULL;
    size_t digits = 0;

    if (second != NULL)
        return second;
    for (const char *at = slash; at != NULL && *at != '\0'; at++)
        digits += isdigit((unsigned char)*at) ? 1 : 0;
    return slash != NULL && digits < 4 ? slash + 1 : NULL;
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
    struct number number = strip(text, strlen(text));
    if (!is_e164(&number) || strstr(text, "(0") != NULL) {
        refuse(reading, node, text);
        return false;
    }
    out->number = arena_copy(reading->arena, number.text, number.length);
    out->text_only = text_only;
    return true;
}
