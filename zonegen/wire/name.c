#include "wire/name.h"

#include <string.h>

static uint8_t lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + ('a' - 'A')) : octet;
}

enum status name_parse(const uint8_t *message, size_t length, size_t *at, struct name *out)
{
    size_t next = *at;
    size_t limit = *at; /* a pointer must lead before this octet: strictly backwards */
    size_t written = 0;
    bool jumped = false;

    while (next < length) {
        size_t octet = message[next];
        if (octet >= 0xc0) {
            if (next + 1 >= length)
                return STATUS_MALFORMED;
            if (!jumped)
                *at = next + 2;
            jumped = true;
            next = (octet & 0x3f) << 8 | message[next + 1];
            if (next >= limit)
                return STATUS_MALFORMED;
            limit = next;
            continue;
        }
        /* 0x40 and 0x80 are reserved label types (RFC 1035 §4.1.4, RFC 6891 §5). */
        if (octet > NAME_MAX_LABEL || octet + 1 > length - next ||
            written + octet + 1 > NAME_MAX_OCTETS)
            return STATUS_MALFORMED;
        memcpy(out->octets + written, message + next, octet + 1);
        written += octet + 1;
        next += octet + 1;
        if (octet == 0) {
            if (!jumped)
                *at = next;
            out->length = (uint8_t)written;
            return STATUS_OK;
        }
    }
    return STATUS_MALFORMED;
}

enum status name_skip(const uint8_t *message, size_t length, size_t *at)
{
    size_t next = *at;

    while (next < length && message[next] > 0 && message[next] <= NAME_MAX_LABEL)
        next += message[next] + 1u;
    if (next >= length || next - *at >= NAME_MAX_OCTETS)
        return STATUS_MALFORMED;
    if (message[next] > 0) {
        if (message[next] < 0xc0 || next + 1 >= length ||
            ((message[next] & 0x3fu) << 8 | message[next + 1]) >= *at)
            return STATUS_MALFORMED;
        next++;
    }
    *at = next + 1;
    return STATUS_OK;
}

const uint8_t *name_take(struct reader *r, size_t *length)
{
    const uint8_t *start = r->next;
    size_t total = 0;

    for (;;) {
        size_t octet = reader_u8(r);
        if (r->failed || octet > NAME_MAX_LABEL || total + octet + 1 > NAME_MAX_OCTETS) {
            r->failed = true;
            *length = 0;
            return NULL;
        }
        total += octet + 1;
        if (octet == 0)
            break;
        reader_octets(r, octet);
    }
    *length = total;
    return start;
}

size_t name_octets(const uint8_t *name)
{
    size_t at = 0;
    while (name[at] != 0)
        at += name[at] + 1u;
    return at + 1;
}

size_t name_labels(const uint8_t *name)
{
    size_t labels = 0;
    for (; *name != 0; name += *name + 1u)
        labels++;
    return labels;
}

const uint8_t *name_parent(const uint8_t *name, size_t labels)
{
    while (labels-- > 0)
        name += *name + 1u;
    return name;
}

bool name_equals(const uint8_t *a, const uint8_t *b)
{
    size_t length = name_octets(a);
    if (length != name_octets(b))
        return false;
    /* Length octets are below 'A', so lower-casing them changes nothing. */
    for (size_t i = 0; i < length; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

bool name_is_within(const uint8_t *name, const uint8_t *ancestor)
{
    size_t have = name_labels(name);
    size_t want = name_labels(ancestor);
    return have >= want && name_equals(name_parent(name, have - want), ancestor);
}

static int compare_label(const uint8_t *a, const uint8_t *b)
{
    size_t shorter = *a < *b ? *a : *b;
    for (size_t i = 1; i <= shorter; i++) {
        int difference = lower(a[i]) - lower(b[i]);
        if (difference != 0)
            return difference;
    }
    return *a - *b;
}

int name_compare(const uint8_t *a, const uint8_t *b)
{
    size_t labels_a = name_labels(a);
    size_t labels_b = name_labels(b);

    for (size_t depth = 1; depth <= labels_a && depth <= labels_b; depth++) {
        int difference =
            compare_label(name_parent(a, labels_a - depth), name_parent(b, labels_b - depth));
        if (difference != 0)
            return difference;
    }
    return (int)labels_a - (int)labels_b;
}

void name_lower(uint8_t *name)
{
    size_t length = name_octets(name);
    for (size_t i = 0; i < length; i++)
        name[i] = lower(name[i]);
}

void name_set(struct name *out, const uint8_t *octets)
{
    size_t length = name_octets(octets);
    memmove(out->octets, octets, length);
    out->length = (uint8_t)length;
}

enum status name_prepend(struct name *out, const uint8_t *label, size_t label_octets,
                         const uint8_t *parent)
{
    size_t length = name_octets(parent);
    if (label_octets < 1 || label_octets > NAME_MAX_LABEL ||
        length + label_octets + 1 > NAME_MAX_OCTETS)
        return STATUS_NO_SPACE;
    memmove(out->octets + label_octets + 1, parent, length);
    memmove(out->octets + 1, label, label_octets);
    out->octets[0] = (uint8_t)label_octets;
    out->length = (uint8_t)(length + label_octets + 1);
    return STATUS_OK;
}

/* Reads one octet of a label at `*at`, escapes resolved (RFC 1035 §5.1). False for a bad escape. */
static bool take_text_octet(const char *text, size_t length, size_t *at, uint8_t *octet)
{
    *octet = (uint8_t)text[(*at)++];
    if (*octet != '\\')
        return true;
    if (*at >= length)
        return false;
    if (text[*at] < '0' || text[*at] > '9') {
        *octet = (uint8_t)text[(*at)++];
        return true;
    }
    unsigned value = 0;
    for (int digit = 0; digit < 3; digit++, (*at)++) {
        if (*at >= length || text[*at] < '0' || text[*at] > '9')
            return false;
        value = value * 10 + (unsigned)(text[*at] - '0');
    }
    *octet = (uint8_t)value;
    return value <= 255;
}

enum status name_from_text(struct name *out, const char *text, size_t length)
{
    struct name name = {.length = 0};
    size_t label = 0; /* where the length octet of the label being read stands */
    size_t written = 1;

    if (length == 0)
        return STATUS_MALFORMED;
    if (length == 1 && text[0] == '.') {
        *out = (struct name){.length = 1};
        return STATUS_OK;
    }
    for (size_t at = 0; at < length;) {
        if (text[at] == '.') {
            size_t octets = written - label - 1;
            if (octets == 0) /* so it is, too, where there is no room left for another label */
                return STATUS_MALFORMED;
            name.octets[label] = (uint8_t)octets;
            label = written++;
            at++;
            continue;
        }
        uint8_t octet;
        if (!take_text_octet(text, length, &at, &octet) || written >= NAME_MAX_OCTETS - 1 ||
            written - label > NAME_MAX_LABEL)
            return STATUS_MALFORMED;
        name.octets[written++] = octet;
    }
    if (written - label > 1) { /* no final dot: end the last label here */
        name.octets[label] = (uint8_t)(written - label - 1);
        label = written++;
    }
    name.octets[label] = 0;
    name.length = (uint8_t)written;
    *out = name;
    return STATUS_OK;
}

static bool is_plain(uint8_t octet)
{
    return (octet >= '0' && octet <= '9') || (lower(octet) >= 'a' && lower(octet) <= 'z') ||
           octet == '-' || octet == '_';
}

static char *put_text_octet(char *text, uint8_t octet)
{
    if (is_plain(octet)) {
        *text++ = (char)octet;
        return text;
    }
    *text++ = '\\';
    if (octet > ' ' && octet < 0x7f) {
        *text++ = (char)octet;
        return text;
    }
    *text++ = (char)('0' + octet / 100);
    *text++ = (char)('0' + octet / 10 % 10);
    *text++ = (char)('0' + octet % 10);
    return text;
}

size_t name_to_text(const uint8_t *name, char text[NAME_TEXT_OCTETS])
{
    char *next = text;

    if (*name == 0)
        *next++ = '.';
    for (; *name != 0; name += *name + 1u) {
        bool wildcard = name[0] == 1 && name[1] == '*';
        for (size_t i = 1; i <= *name; i++) {
            if (wildcard)
                *next++ = '*';
            else
                next = put_text_octet(next, name[i]);
        }
        *next++ = '.';
    }
    *next = '\0';
    return (size_t)(next - text);
}
