#include "conf/idn.h"

#include "conf/memory.h"
#include "conf/utf8.h"

#include <errno.h>
#include <idn2.h>
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wctype.h>

#define LABEL_MAX_OCTETS 63 /* RFC 1035 §2.3.4 */

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((uint8_t)*text >= 0x80)
            return false;
    return true;
}

static char ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Lower-cases an ASCII label. False unless it is letters, digits and inner hyphens (RFC 5890
 * §2.3.1), and for "??--" other than "xn--", which IDNA reserves. */
static bool take_ldh(const char *text, char out[IDN_LABEL_OCTETS])
{
    size_t length = strlen(text);

    if (length < 1 || length > LABEL_MAX_OCTETS || text[0] == '-' || text[length - 1] == '-')
        return false;
    for (size_t i = 0; i <= length; i++)
        out[i] = ascii_lower(text[i]);
    if (strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
        return false;
    return length < 4 || memcmp(out + 2, "--", 2) != 0 || memcmp(out, "xn", 2) == 0;
}

static bool is_a_label(const char *label)
{
    return strncmp(label, "xn--", 4) == 0;
}

/* libidn2 says of what libunistring could not have that it is no right text; errno, which was 0
 * before, knows better. */
static bool lacks_memory(int code)
{
    bool lacks = code == IDN2_MALLOC || (code != IDN2_OK && errno == ENOMEM);

    if (lacks)
        memory_lacks();
    return lacks;
}

/* The A-label of a U-label. `flags` tell libidn2 whether to map first (case, width, NFC). */
static enum status encode(const char *u_label, int flags, char out[IDN_LABEL_OCTETS])
{
    uint8_t *found = NULL;
    enum status status = STATUS_MALFORMED;

    errno = 0;
    int code = idn2_lookup_u8((const uint8_t *)u_label, &found, flags);
    if (lacks_memory(code))
        status = STATUS_SYSTEM;
    else if (code == IDN2_OK && strchr((const char *)found, '.') == NULL &&
             take_ldh((const char *)found, out))
        status = STATUS_OK;
    idn2_free(found);
    return status;
}

/* The U-label of an A-label, which must be the one that encodes to it (RFC 5891 §5.4). */
static enum status decode(const char *a_label, char out[IDN_LABEL_OCTETS])
{
    char back[IDN_LABEL_OCTETS] = "";
    char *found = NULL;
    enum status status = STATUS_MALFORMED;

    errno = 0;
    int code = idn2_to_unicode_8z8z(a_label, &found, 0);
    if (lacks_memory(code))
        status = STATUS_SYSTEM;
    else if (code == IDN2_OK && strlen(found) < IDN_LABEL_OCTETS)
        status = encode(found, IDN2_NO_TR46, back);
    if (status == STATUS_OK && strcmp(back, a_label) == 0)
        memcpy(out, found, strlen(found) + 1);
    else if (status == STATUS_OK)
        status = STATUS_MALFORMED;
    idn2_free(found);
    return status;
}

enum status idn_to_a_label(const char *text, char out[IDN_LABEL_OCTETS])
{
    char label[IDN_LABEL_OCTETS];
    char u_label[IDN_LABEL_OCTETS];

    if (is_ascii(text)) {
        if (!take_ldh(text, label))
            return STATUS_MALFORMED;
    } else {
        enum status status = encode(text, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL, label);
        if (status != STATUS_OK)
            return status;
    }
    /* The mapping (UTS 46) is lenient: it lets symbols pass. What it yields must be IDNA2008. */
    enum status status = is_a_label(label) ? decode(label, u_label) : STATUS_OK;
    if (status == STATUS_OK)
        memcpy(out, label, strlen(label) + 1);
    return status;
}

enum status idn_to_u_label(const char *a_label, char out[IDN_LABEL_OCTETS])
{
    char label[IDN_LABEL_OCTETS];

    if (!is_ascii(a_label) || !take_ldh(a_label, label))
        return STATUS_MALFORMED;
    if (is_a_label(label))
        return decode(label, out);
    memcpy(out, label, strlen(label) + 1);
    return STATUS_OK;
}

/* Upper-cases character by character. True when a character beyond ASCII changed (letter case in
 * ASCII is none for the DNS, RFC 4343) and the result fits. */
static bool upper_case(const char *u_label, locale_t locale, char out[IDN_LABEL_OCTETS])
{
    size_t length = strlen(u_label);
    size_t written = 0;
    bool changed = false;

    for (size_t at = 0; at < length;) {
        char octets[UTF8_MAX_OCTETS];
        uint32_t character = 0;
        size_t taken = utf8_decode(u_label + at, length - at, &character);
        if (taken == 0)
            return false;
        uint32_t upper = (uint32_t)towupper_l((wint_t)character, locale);
        size_t count = utf8_encode(upper, octets);
        if (written + count >= IDN_LABEL_OCTETS)
            return false;
        memcpy(out + written, octets, count);
        written += count;
        at += taken;
        changed = changed || (character >= 0x80 && upper != character);
    }
    out[written] = '\0';
    return changed;
}

enum status idn_upper(const char *u_label, char out[IDN_LABEL_OCTETS])
{
    /* A locale of its own: setlocale would change it for the whole program. */
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (locale == (locale_t)0)
        return STATUS_NOT_FOUND;
    bool found = upper_case(u_label, locale, out);
    freelocale(locale);
    return found ? STATUS_OK : STATUS_NOT_FOUND;
}
