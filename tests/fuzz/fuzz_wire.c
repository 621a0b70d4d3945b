/*
 * Names, questions and records, read at any place of any message. The first two octets say where.
 * What is read as a name is printed and read again, made a key and back, and is the same name to
 * ldns.
 */
#include "tests/fuzz/fuzz.h"

#include "store/key.h"
#include "wire/record.h"

#include <ldns/ldns.h>
#include <string.h>

#define MOST_OCTETS 4096

static bool same(const struct name *a, const struct name *b)
{
    return a->length == b->length && memcmp(a->octets, b->octets, a->length) == 0;
}

static void check_text(const struct name *name)
{
    char text[NAME_TEXT_OCTETS];
    struct name again;
    size_t length = name_to_text(name->octets, text);

    RULE(length < sizeof text && text[length] == '\0' && strlen(text) == length);
    RULE(name_from_text(&again, text, length) == STATUS_OK && same(name, &again));
}

static void check_key(const struct name *name)
{
    struct name lower = *name, again;
    struct key key;
    size_t labels = name_labels(name->octets);

    name_lower(lower.octets);
    for (size_t depth = 0; depth <= labels; depth += 1 + labels / 4) {
        key_of_name(&key, 7, name->octets, depth);
        RULE(key.length <= 507);
        const uint8_t *apex = name_parent(name->octets, depth);
        RULE(key_to_name(&again, key.octets, key.length, apex) == STATUS_OK);
        name_lower(again.octets);
        RULE(same(&lower, &again));
    }
}

/* ldns takes more for a name than we do, but not another name. */
static void check_with_ldns(const uint8_t *message, size_t length, size_t at,
                            const struct name *name)
{
    ldns_rdf *rdf = NULL;

    ldns_status status = ldns_wire2dname(&rdf, message, length, &at);
    if (status == LDNS_STATUS_INVALID_POINTER)
        return; /* to octet 0, as in no message: ldns does not follow it */
    RULE(status == LDNS_STATUS_OK);
    RULE(ldns_rdf_size(rdf) == name->length);
    RULE(memcmp(ldns_rdf_data(rdf), name->octets, name->length) == 0);
    ldns_rdf_deep_free(rdf);
}

/* The order is one: reflexive, and the same from both sides. */
static void check_order(const struct name *a, const struct name *b)
{
    int order = name_compare(a->octets, b->octets);
    RULE((order > 0) == (name_compare(b->octets, a->octets) < 0));
    RULE((order == 0) == name_equals(a->octets, b->octets));
    RULE(name_compare(a->octets, a->octets) == 0);
    RULE(!name_is_within(a->octets, b->octets) || order >= 0);
}

static void check_name(const uint8_t *message, size_t length, size_t at)
{
    struct name name, next;
    size_t end = at;

    if (name_parse(message, length, &end, &name) != STATUS_OK)
        return;
    RULE(end > at && end <= length && name.length >= 1);
    RULE(name_octets(name.octets) == name.length);
    check_text(&name);
    check_key(&name);
    check_with_ldns(message, length, at, &name);
    if (name_parse(message, length, &end, &next) == STATUS_OK) {
        check_order(&name, &next);
        struct name prepended = next;
        uint8_t label = name.octets[0];
        if (label > 0 && name_prepend(&prepended, name.octets + 1, label, next.octets) == STATUS_OK)
            RULE(prepended.length == next.length + 1 + label &&
                 name_equals(name_parent(prepended.octets, 1), next.octets));
    }
}

static void check_uncompressed(const uint8_t *octets, size_t length)
{
    struct reader r = reader_of(octets, length);
    size_t taken = 0, at = 0;
    struct name name;
    const uint8_t *first = name_take(&r, &taken);

    if (!first)
        return;
    RULE(name_parse(octets, length, &at, &name) == STATUS_OK && at == taken);
    RULE(name.length == taken && memcmp(name.octets, first, taken) == 0);
}

/* Any text is a name or is refused; what is a name is printed as that name. */
static void check_as_text(const uint8_t *octets, size_t length)
{
    struct name name;
    if (name_from_text(&name, (const char *)octets, length) == STATUS_OK)
        check_text(&name);
}

static void run(const uint8_t *octets, size_t length)
{
    struct question question;
    struct record record;

    if (length < 2 || length > MOST_OCTETS)
        return;
    size_t start = (size_t)(octets[0] << 8 | octets[1]) % length;
    const uint8_t *message = fuzz_flush(octets + 2, length - 2);
    length -= 2;
    if (start > length)
        return;
    check_name(message, length, start);
    check_uncompressed(message + start, length - start);
    check_as_text(message + start, length - start);
    size_t at = start;
    if (question_parse(message, length, &at, &question) == STATUS_OK)
        RULE(at <= length && at >= start + 5);
    at = start;
    while (record_parse(message, length, &at, &record) == STATUS_OK)
        RULE(record.rdata + record.rdata_octets == at && at <= length && record.owner < at);
}

const struct fuzz_target fuzz_wire = {.name = "wire", .run = run};
