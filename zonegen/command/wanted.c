#include "command/wanted.h"

#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Where a text may be folded: a run of these is as good as any other. */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What people put between the digits of a number. */
static bool is_between_digits(char c)
{
    return is_blank(c) || c == '-' || c == '.' || c == '(' || c == ')' || c == '/';
}

/* `+44 20 7946 0101`: nothing but a number. */
static void read_phone(struct wanted *wanted)
{
    const char *at = wanted->text + (wanted->text[0] == '+');

    for (; *at != '\0'; at++) {
        if (is_digit(*at))
            wanted->digits[wanted->digit_count++] = *at;
        else if (!is_between_digits(*at))
            return;
    }
    if (wanted->digit_count >= WANTED_LEAST_DIGITS)
        wanted->kind = WANTED_PHONE;
}

/* `xa/security`: a label and an id, with what those may have. */
static void read_contact(struct wanted *wanted)
{
    const char *slash = strchr(wanted->text, '/');

    if (slash == NULL || slash == wanted->text || slash[1] == '\0' ||
        slash[1 + strspn(slash + 1, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0' ||
        memchr(wanted->text, ' ', (size_t)(slash - wanted->text)) != NULL)
        return;
    wanted->kind = WANTED_CONTACT;
    wanted->id = slash + 1;
    wanted->label_length = (size_t)(slash - wanted->text);
}

static const char *skip_blanks(const char *text)
{
    while (is_blank(*text))
        text++;
    return text;
}

/* How long a text is at least, wherever it is found. */
static size_t folded_octets(const char *text)
{
    size_t octets = 0;

    for (text = skip_blanks(text); *text != '\0'; text++)
        if (!is_blank(*text) || (!is_blank(text[1]) && text[1] != '\0'))
            octets++;
    return octets;
}

enum status wanted_parse(const char *text, struct wanted *out)
{
    size_t length = strlen(text);

    *out = (struct wanted){.kind = WANTED_TEXT, .text = text};
    if (length > WANTED_MOST_OCTETS)
        return STATUS_INVALID;
    read_phone(out);
    if (out->kind == WANTED_TEXT)
        read_contact(out);
    return out->kind == WANTED_TEXT && folded_octets(text) < WANTED_LEAST_OCTETS ? STATUS_INVALID
                                                                                 : STATUS_OK;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Takes a run of blanks. False where there is none. */
static bool take_blanks(const char **octets, size_t *length)
{
    const char *start = *octets;

    for (; *length > 0 && is_blank(**octets); --*length)
        ++*octets;
    return *octets != start;
}

/* True when the text stands here, blanks at its ends aside, however its blanks are written. */
static bool begins_text(const char *text, const char *octets, size_t length)
{
    for (text = skip_blanks(text); *text != '\0'; text++) {
        if (is_blank(*text)) {
            text = skip_blanks(text);
            if (*text == '\0')
                return true;
            if (!take_blanks(&octets, &length))
                return false;
        }
        if (length == 0 || lower(*octets) != lower(*text))
            return false;
        octets++;
        length--;
    }
    return true;
}

/* True when the digits stand here, with no more than one or two signs between two of them. */
static bool begins_digits(const struct wanted *wanted, const char *octets, size_t length)
{
    size_t found = 0;

    for (size_t i = 0; i < length && found < wanted->digit_count; i++) {
        if (is_digit(octets[i]) && octets[i] == wanted->digits[found])
            found++;
        else if (found == 0 || !is_between_digits(octets[i]))
            return false;
    }
    return found == wanted->digit_count;
}

bool wanted_in_text(const struct wanted *wanted, const char *octets, size_t length, size_t *at)
{
    if (wanted->kind == WANTED_CONTACT)
        return false;
    for (*at = 0; *at < length; ++*at)
        if (wanted->kind == WANTED_PHONE ? begins_digits(wanted, octets + *at, length - *at)
                                         : begins_text(wanted->text, octets + *at, length - *at))
            return true;
    return false;
}

bool wanted_is_contact(const struct wanted *wanted, const char *label, const char *id)
{
    return wanted->kind == WANTED_CONTACT && strlen(label) == wanted->label_length &&
           strncasecmp(label, wanted->text, wanted->label_length) == 0 &&
           strcmp(id, wanted->id) == 0;
}

/* ---- records ---- */

/* Text being put together; what does not fit is left out. */
struct text {
    char *octets;
    size_t length;
    size_t size;
};

static void add(struct text *text, const void *octets, size_t length)
{
    if (length > text->size - text->length)
        return;
    memcpy(text->octets + text->length, octets, length);
    text->length += length;
}

/* The strings of a TXT joined. */
static void add_strings(struct text *text, const struct rdata *rdata)
{
    struct reader r = reader_of(rdata->octets, rdata->length);

    while (reader_left(&r) > 0) {
        size_t length = reader_u8(&r);
        const uint8_t *octets = reader_octets(&r, length);
        if (octets != NULL)
            add(text, octets, length);
    }
}

/* A mailbox as people write it, and then its labels as any name: "a.b@c.example". */
static void add_names(struct text *text, const struct rdata *rdata)
{
    struct reader r = reader_of(rdata->octets, rdata->length);
    size_t length;

    for (int n = 0; n < 2; n++) {
        const uint8_t *name = name_take(&r, &length);
        if (name == NULL)
            return;
        for (const char *between = "@"; *name != 0; name += 1 + *name, between = ".") {
            add(text, name + 1, *name);
            add(text, name[1 + *name] != 0 ? between : " ", 1);
        }
    }
}

static unsigned hex(uint8_t octet)
{
    if (is_digit((char)octet))
        return octet - '0';
    octet |= 0x20;
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10u : 16;
}

/* A URI with what is percent-encoded in it decoded (RFC 3986 §2.1). */
static void add_decoded(struct text *text, const struct rdata *rdata)
{
    for (size_t i = 0; i < rdata->length; i++) {
        uint8_t octet = rdata->octets[i];
        if (octet == '%' && i + 2 < rdata->length && hex(rdata->octets[i + 1]) < 16 &&
            hex(rdata->octets[i + 2]) < 16) {
            octet = (uint8_t)(hex(rdata->octets[i + 1]) << 4 | hex(rdata->octets[i + 2]));
            i += 2;
        }
        add(text, &octet, 1);
    }
}

static bool in_rdata(const struct wanted *wanted, uint16_t type, const struct rdata *rdata,
                     struct arena *scratch)
{
    const size_t more = 2 * NAME_MAX_OCTETS;
    struct text text = {arena_alloc(scratch, rdata->length + more), 0, rdata->length + more};
    size_t at;

    if (text.octets == NULL)
        return true; /* not known to be gone */
    if (type == TYPE_TXT)
        add_strings(&text, rdata);
    else if (type == TYPE_URI)
        add_decoded(&text, rdata);
    else if (type == TYPE_RP)
        add_names(&text, rdata);
    else if (type == TYPE_SOA) { /* the host comes first, then who is responsible for it */
        struct reader r = reader_of(rdata->octets, rdata->length);
        size_t length = 0;
        name_take(&r, &length);
        const struct rdata rest = {rdata->octets + length, (uint16_t)(rdata->length - length)};
        add_names(&text, &rest);
    }
    return wanted_in_text(wanted, text.octets, text.length, &at) ||
           wanted_in_text(wanted, (const char *)rdata->octets, rdata->length, &at);
}

/* True when a TXT of the node has "id=security; ". */
static bool has_id(const struct wanted *wanted, const struct rrset *txt, struct arena *scratch)
{
    const char *pair = arena_format(scratch, "; id=%s; ", wanted->id);

    for (size_t i = 0; txt != NULL && i < txt->count; i++) {
        struct text text = {arena_alloc(scratch, txt->items[i].length), 0, txt->items[i].length};
        if (text.octets == NULL || pair == NULL)
            return true;
        add_strings(&text, &txt->items[i]);
        if (memmem(text.octets, text.length, pair, strlen(pair)) != NULL)
            return true;
    }
    return false;
}

/* True for a name below the label: _ID of it, or a role that the contact has. */
static bool is_below_label(const struct wanted *wanted, const struct name *apex,
                           const struct node *node)
{
    const uint8_t *label = name_parent(node->owner.octets, 1);

    return name_labels(node->owner.octets) == name_labels(apex->octets) + 2 &&
           label[0] == wanted->label_length &&
           strncasecmp((const char *)label + 1, wanted->text, wanted->label_length) == 0;
}

bool wanted_in_node(const struct wanted *wanted, const struct name *apex, const struct node *node,
                    struct arena *scratch)
{
    if (wanted->kind == WANTED_CONTACT)
        return is_below_label(wanted, apex, node) &&
               has_id(wanted, node_rrset(node, TYPE_TXT), scratch);
    for (size_t i = 0; i < node->rrset_count; i++)
        for (size_t n = 0; n < node->rrsets[i].count; n++)
            if (in_rdata(wanted, node->rrsets[i].type, &node->rrsets[i].items[n], scratch))
                return true;
    return false;
}
