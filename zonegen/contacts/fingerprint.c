#include "contacts/fingerprint.h"

#include "contacts/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define V4_DIGITS 40
#define V6_DIGITS 64

const char *fingerprint_read(struct reading *reading, const struct yaml_node *node)
{
    char digits[V6_DIGITS + 1];
    size_t count = 0;
    const char *text = node->text;

    if (strncmp(text, "0x", 2) == 0)
        text += 2;
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        if (!isxdigit((unsigned char)*text)) {
            reading_error(reading, node->place, "pgp",
                          "pgp '%s' holds '%.1s', which is not a hex digit; write the fingerprint, "
                          "%d or %d of them",
                          text_quote(node->text).text, isprint((unsigned char)*text) ? text : "?",
                          V4_DIGITS, V6_DIGITS);
            return NULL;
        }
        if (count < V6_DIGITS)
            digits[count] = (char)toupper((unsigned char)*text);
        count++;
    }
    if (count == V4_DIGITS || count == V6_DIGITS)
        return arena_copy(reading->arena, digits, count);
    reading_error(reading, node->place, "pgp",
                  "pgp '%s' has %zu hex digits; a fingerprint has %d or %d%s",
                  text_quote(node->text).text, count, V4_DIGITS, V6_DIGITS,
                  count == 8 || count == 16 ? ", this is a key id" : "");
    return NULL;
}
