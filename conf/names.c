#include "conf/names.h"

#include "conf/idn.h"

#include <string.h>

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Why `label` is none, or NULL with its ASCII form in `out`. */
static const char *read_label(const char *text, size_t length, bool host,
                              char out[IDN_LABEL_OCTETS])
{
    bool ascii = true;

    if (length == 0)
        return "it has an empty label";
    if (length >= IDN_LABEL_OCTETS)
        return "a label is longer than 63 octets";
    memcpy(out, text, length);
    out[length] = '\0';
    for (size_t i = 0; i < length; i++)
        ascii = ascii && (unsigned char)text[i] < 0x80;
    if (!ascii) {
        char u_label[IDN_LABEL_OCTETS];
        memcpy(u_label, out, length + 1);
        switch (idn_to_a_label(u_label, out)) {
        case STATUS_OK:
            return NULL;
        case STATUS_SYSTEM:
            return "out of memory";
        default:
            return "a label is none that IDNA2008 allows";
        }
    }
    if (length > NAME_MAX_LABEL)
        return "a label is longer than 63 octets";
    for (size_t i = 0; i < length; i++)
        if (!is_letter_or_digit(out[i]) && out[i] != '-' && (out[i] != '_' || host))
            return host ? "a label holds more than letters, digits and '-'"
                        : "a label holds more than letters, digits, '-' and '_'";
    if (out[0] == '-' || out[length - 1] == '-')
        return "a label begins or ends with '-'";
    return NULL;
}

const char *names_domain(const char *text, bool host, struct name *out)
{
    struct name name = {.length = 1};
    size_t length = strlen(text);

    if (strcmp(text, ".") == 0)
        return "it is the root";
    if (length > 0 && text[length - 1] == '.')
        length--;
    if (length == 0)
        return "it is empty";
    /* From the last label to the first: each is put before the rest. */
    for (size_t end = length;;) {
        char label[IDN_LABEL_OCTETS];
        size_t start = end;
        while (start > 0 && text[start - 1] != '.')
            start--;
        const char *why = read_label(text + start, end - start, host, label);
        if (why != NULL)
            return why;
        if (name_prepend(&name, (const uint8_t *)label, strlen(label), name.octets) != STATUS_OK)
            return "it is longer than 255 octets";
        if (start == 0)
            break;
        end = start - 1;
    }
    name_lower(name.octets);
    *out = name;
    return NULL;
}

/* The part before '@' is a dot-string (RFC 5321 §4.1.2) and becomes one label. */
static const char *check_local_part(const char *text, size_t length)
{
    static const char *const others = "!#$%&'*+-/=?^_`{|}~.";

    if (length == 0)
        return "nothing stands before its '@'";
    if (length > NAME_MAX_LABEL)
        return "more than 63 octets stand before its '@'";
    for (size_t i = 0; i < length; i++)
        if (!is_letter_or_digit(text[i]) && strchr(others, text[i]) == NULL)
            return "a character before its '@' cannot stand in a mail address";
    if (text[0] == '.' || text[length - 1] == '.' || memmem(text, length, "..", 2) != NULL)
        return "a dot stands before its '@' at the wrong place";
    return NULL;
}

static const char *read_address(const char *text, const char *at, struct name *out)
{
    size_t length = (size_t)(at - text);
    struct name domain;

    const char *why = check_local_part(text, length);
    if (why == NULL && at[1] == '\0')
        why = "nothing stands behind its '@'";
    if (why == NULL)
        why = names_domain(at + 1, true, &domain);
    if (why == NULL &&
        name_prepend(&domain, (const uint8_t *)text, length, domain.octets) != STATUS_OK)
        why = "it is longer than 255 octets as a name";
    if (why == NULL)
        *out = domain;
    return why;
}

const char *names_mailbox(const char *text, struct name *out)
{
    const char *at = strrchr(text, '@');
    struct name name;

    if (at != NULL)
        return read_address(text, at, out);
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            return "it is neither NAME@DOMAIN nor a domain name";
    if (name_from_text(&name, text, strlen(text)) != STATUS_OK)
        return "it is neither NAME@DOMAIN nor a domain name";
    if (name_labels(name.octets) < 2)
        return "it has no '@' and no dot";
    *out = name;
    return NULL;
}
