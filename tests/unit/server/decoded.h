/* Messages as ldns reads them: records as lines of text, to be compared as sets. */
#ifndef TESTS_DECODED_H
#define TESTS_DECODED_H

#include "tests/unit/check.h"

#include "wire/constants.h"
#include "wire/record.h"
#include "zone/node.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

/* Records in presentation format; owns them. */
struct lines {
    size_t count;
    size_t size;
    char **items;
};

static inline void lines_add(struct lines *lines, char *line)
{
    assert_non_null(line);
    if (lines->count == lines->size) {
        lines->size = lines->size == 0 ? 16 : lines->size * 2;
        lines->items = reallocarray(lines->items, lines->size, sizeof *lines->items);
        assert_non_null(lines->items);
    }
    lines->items[lines->count++] = line;
}

static inline void lines_free(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->items[i]);
    free(lines->items);
    *lines = (struct lines){.count = 0};
}

static inline int lines_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void lines_sort(struct lines *lines)
{
    if (lines->count > 1)
        qsort(lines->items, lines->count, sizeof *lines->items, lines_compare);
}

/* The same records the same number of times. */
static inline bool lines_equal(struct lines *a, struct lines *b)
{
    lines_sort(a);
    lines_sort(b);
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

static inline void lines_print(const char *title, const struct lines *lines)
{
    print_error("%s: %zu\n", title, lines->count);
    for (size_t i = 0; i < lines->count; i++)
        print_error("    %s", lines->items[i]);
}

/* Adds a record of a zone as ldns reads it from its wire format. */
static inline void lines_add_record(struct lines *lines, const struct name *owner, uint16_t type,
                                    uint32_t ttl, const struct rdata *rdata)
{
    uint8_t octets[NAME_MAX_OCTETS + 10];
    struct writer w = writer_of(octets, sizeof octets);
    ldns_rr *rr = NULL;
    size_t at = 0;

    writer_octets(&w, owner->octets, owner->length);
    record_write_fixed(&w, type, CLASS_IN, ttl, rdata->length);
    size_t length = writer_length(&w) + rdata->length;
    uint8_t *wire = malloc(length);
    assert_non_null(wire);
    memcpy(wire, octets, writer_length(&w));
    if (rdata->length > 0)
        memcpy(wire + writer_length(&w), rdata->octets, rdata->length);
    assert_int_equal(ldns_wire2rr(&rr, wire, length, &at, LDNS_SECTION_ANSWER), LDNS_STATUS_OK);
    assert_int_equal(at, length);
    lines_add(lines, ldns_rr2str(rr));
    ldns_rr_free(rr);
    free(wire);
}

static inline void lines_add_rrset(struct lines *lines, const struct name *owner,
                                   const struct rrset *rrset)
{
    for (size_t i = 0; rrset && i < rrset->count; i++)
        lines_add_record(lines, owner, rrset->type, rrset->ttl, &rrset->items[i]);
}

static inline void lines_add_list(struct lines *lines, const ldns_rr_list *list)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
        lines_add(lines, ldns_rr2str(ldns_rr_list_rr(list, i)));
}

/* A reply: ldns must read it whole. */
struct decoded {
    unsigned rcode;
    bool authoritative;
    bool truncated;
    struct lines answer, authority, additional;
};

static inline struct decoded decoded_of(const uint8_t *message, size_t length)
{
    struct decoded decoded = {.rcode = 0};
    ldns_pkt *pkt = NULL;

    assert_int_equal(ldns_wire2pkt(&pkt, message, length), LDNS_STATUS_OK);
    decoded.rcode = ldns_pkt_get_rcode(pkt);
    decoded.authoritative = ldns_pkt_aa(pkt);
    decoded.truncated = ldns_pkt_tc(pkt);
    lines_add_list(&decoded.answer, ldns_pkt_answer(pkt));
    lines_add_list(&decoded.authority, ldns_pkt_authority(pkt));
    lines_add_list(&decoded.additional, ldns_pkt_additional(pkt));
    ldns_pkt_free(pkt);
    return decoded;
}

static inline void decoded_free(struct decoded *decoded)
{
    lines_free(&decoded->answer);
    lines_free(&decoded->authority);
    lines_free(&decoded->additional);
}

#endif
