#include "zone/rrtype.h"

#include "wire/constants.h"
#include "wire/name.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* By number. named-checkzone 9.18, kzonecheck 3.2, nsd-checkzone 4.6, ldns-read-zone 1.8 and
 * pdnsutil 4.7 read every one of these by name. RT, PX, X25 and other old ones are missing because
 * PowerDNS or Knot knows them by number only; LOC, APL, SVCB and the like because each has a form
 * of its own: printed with \#, all but PowerDNS read them, and contactd itself publishes none. */
static const struct rrtype rrtypes[] = {
    {TYPE_A, "A", {FIELD_IPV4}},
    {TYPE_NS, "NS", {FIELD_NAME}},
    {TYPE_CNAME, "CNAME", {FIELD_NAME}},
    {TYPE_SOA,
     "SOA",
     {FIELD_NAME, FIELD_NAME, FIELD_U32, FIELD_PERIOD, FIELD_PERIOD, FIELD_PERIOD, FIELD_PERIOD}},
    {TYPE_PTR, "PTR", {FIELD_NAME}},
    {13, "HINFO", {FIELD_STRING, FIELD_STRING}},
    {TYPE_MINFO, "MINFO", {FIELD_NAME, FIELD_NAME}},
    {TYPE_MX, "MX", {FIELD_U16, FIELD_NAME}},
    {TYPE_TXT, "TXT", {FIELD_STRINGS}},
    {TYPE_RP, "RP", {FIELD_NAME, FIELD_NAME}},
    {TYPE_AFSDB, "AFSDB", {FIELD_U16, FIELD_NAME}},
    {25, "KEY", {FIELD_U16, FIELD_U8, FIELD_ALGORITHM, FIELD_BASE64}},
    {TYPE_AAAA, "AAAA", {FIELD_IPV6}},
    {TYPE_SRV, "SRV", {FIELD_U16, FIELD_U16, FIELD_U16, FIELD_NAME}},
    {TYPE_NAPTR,
     "NAPTR",
     {FIELD_U16, FIELD_U16, FIELD_STRING, FIELD_STRING, FIELD_STRING, FIELD_NAME}},
    {TYPE_KX, "KX", {FIELD_U16, FIELD_NAME}},
    {TYPE_CERT, "CERT", {FIELD_CERT, FIELD_U16, FIELD_ALGORITHM, FIELD_BASE64}},
    {TYPE_DNAME, "DNAME", {FIELD_NAME}},
    {TYPE_DS, "DS", {FIELD_U16, FIELD_ALGORITHM, FIELD_U8, FIELD_HEX}},
    {44, "SSHFP", {FIELD_U8, FIELD_U8, FIELD_HEX}},
    {TYPE_RRSIG,
     "RRSIG",
     {FIELD_TYPE, FIELD_ALGORITHM, FIELD_U8, FIELD_PERIOD, FIELD_TIME, FIELD_TIME, FIELD_U16,
      FIELD_NAME, FIELD_BASE64}},
    {TYPE_NSEC, "NSEC", {FIELD_NAME, FIELD_BITMAP}},
    {TYPE_DNSKEY, "DNSKEY", {FIELD_U16, FIELD_U8, FIELD_ALGORITHM, FIELD_BASE64}},
    {49, "DHCID", {FIELD_BASE64}},
    {TYPE_NSEC3, "NSEC3", {FIELD_U8, FIELD_U8, FIELD_U16, FIELD_SALT, FIELD_HASH, FIELD_BITMAP}},
    {TYPE_NSEC3PARAM, "NSEC3PARAM", {FIELD_U8, FIELD_U8, FIELD_U16, FIELD_SALT}},
    {52, "TLSA", {FIELD_U8, FIELD_U8, FIELD_U8, FIELD_HEX}},
    {53, "SMIMEA", {FIELD_U8, FIELD_U8, FIELD_U8, FIELD_HEX}},
    {TYPE_CDS, "CDS", {FIELD_U16, FIELD_ALGORITHM, FIELD_U8, FIELD_HEX}},
    {TYPE_CDNSKEY, "CDNSKEY", {FIELD_U16, FIELD_U8, FIELD_ALGORITHM, FIELD_BASE64}},
    {61, "OPENPGPKEY", {FIELD_BASE64}},
    {62, "CSYNC", {FIELD_U32, FIELD_U16, FIELD_BITMAP}},
    {TYPE_ZONEMD, "ZONEMD", {FIELD_U32, FIELD_U8, FIELD_U8, FIELD_HEX}},
    {99, "SPF", {FIELD_STRINGS}},
    {TYPE_URI, "URI", {FIELD_U16, FIELD_U16, FIELD_QUOTED}},
    {257, "CAA", {FIELD_U8, FIELD_TAG, FIELD_QUOTED}},
};

static int compare_number(const void *number, const void *rrtype)
{
    return *(const uint16_t *)number - ((const struct rrtype *)rrtype)->number;
}

const struct rrtype *rrtype_find(uint16_t type)
{
    return bsearch(&type, rrtypes, sizeof rrtypes / sizeof *rrtypes, sizeof *rrtypes,
                   compare_number);
}

void rrtype_to_text(uint16_t type, char text[RRTYPE_TEXT_OCTETS])
{
    const struct rrtype *rrtype = rrtype_find(type);
    if (rrtype != NULL)
        snprintf(text, RRTYPE_TEXT_OCTETS, "%s", rrtype->name);
    else
        snprintf(text, RRTYPE_TEXT_OCTETS, "TYPE%u", (unsigned)type);
}

/* The number after "TYPE" (RFC 3597 §5). */
static bool read_number(const char *digits, uint16_t *out)
{
    unsigned number = 0;
    if (*digits == '\0' || strlen(digits) > 5)
        return false;
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9')
            return false;
        number = number * 10 + (unsigned)(*digits - '0');
    }
    *out = (uint16_t)number;
    return number <= UINT16_MAX;
}

enum status rrtype_from_text(const char *text, size_t length, uint16_t *out)
{
    char name[RRTYPE_TEXT_OCTETS];

    if (length >= sizeof name)
        return STATUS_NOT_FOUND;
    memcpy(name, text, length);
    name[length] = '\0';
    for (size_t i = 0; i < sizeof rrtypes / sizeof *rrtypes; i++) {
        if (strcasecmp(name, rrtypes[i].name) == 0) {
            *out = rrtypes[i].number;
            return STATUS_OK;
        }
    }
    if (strncasecmp(name, "TYPE", 4) == 0)
        return read_number(name + 4, out) ? STATUS_OK : STATUS_NOT_FOUND;
    ldns_rr_type type = ldns_get_rr_type_by_name(name);
    *out = (uint16_t)type;
    return type != 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

bool rrtype_is_data(uint16_t type)
{
    return type != 0 && type != TYPE_OPT && (type < 128 || type > 255);
}

static bool is_tag(const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t lower = octets[i] | 0x20;
        if (!(octets[i] >= '0' && octets[i] <= '9') && !(lower >= 'a' && lower <= 'z'))
            return false;
    }
    return length > 0;
}

/* Windows ascending, 1 to 32 octets each, none ends in a zero octet (RFC 4034 §4.1.2); type 0 has
 * no name. */
static bool is_bitmap(const uint8_t *octets, size_t length)
{
    struct reader r = reader_of(octets, length);
    int last = -1;

    while (reader_left(&r) > 0) {
        int window = reader_u8(&r);
        size_t count = reader_u8(&r);
        const uint8_t *bits = reader_octets(&r, count);
        if (bits == NULL || window <= last || count < 1 || count > 32 || bits[count - 1] == 0 ||
            (window == 0 && (bits[0] & 0x80) != 0))
            return false;
        last = window;
    }
    return !r.failed;
}

static bool are_strings(const uint8_t *octets, size_t length)
{
    struct reader r = reader_of(octets, length);
    do {
        size_t string = reader_u8(&r);
        reader_octets(&r, string);
    } while (reader_left(&r) > 0);
    return !r.failed;
}

/* Octets of a field of fixed size, or 0. */
static size_t fixed_octets(enum rrtype_field field)
{
    switch (field) {
    case FIELD_U8:
    case FIELD_ALGORITHM:
        return 1;
    case FIELD_U16:
    case FIELD_TYPE:
    case FIELD_CERT:
        return 2;
    case FIELD_U32:
    case FIELD_PERIOD:
    case FIELD_TIME:
    case FIELD_IPV4:
        return 4;
    case FIELD_IPV6:
        return 16;
    default:
        return 0;
    }
}

static bool is_valid(enum rrtype_field field, const uint8_t *octets, size_t length)
{
    switch (field) {
    case FIELD_TAG:
        return is_tag(octets, length);
    case FIELD_STRINGS:
        return are_strings(octets, length);
    case FIELD_HASH:
    case FIELD_BASE64:
    case FIELD_HEX:
        return length > 0;
    case FIELD_BITMAP:
        return is_bitmap(octets, length);
    default:
        return true;
    }
}

const uint8_t *rrtype_take(enum rrtype_field field, struct reader *r, size_t *length)
{
    if (field == FIELD_NAME)
        return name_take(r, length);
    *length = fixed_octets(field);
    if (field == FIELD_STRING || field == FIELD_TAG || field == FIELD_SALT || field == FIELD_HASH)
        *length = reader_u8(r);
    else if (*length == 0)
        *length = reader_left(r);
    const uint8_t *octets = reader_octets(r, *length);
    if (octets == NULL || !is_valid(field, octets, *length))
        r->failed = true;
    return octets;
}

bool rrtype_fits(const struct rrtype *rrtype, const uint8_t *octets, size_t length)
{
    struct reader r = reader_of(octets, length);

    for (size_t i = 0; rrtype->fields[i] != FIELD_END; i++) {
        size_t field;
        rrtype_take(rrtype->fields[i], &r, &field);
    }
    return !r.failed && reader_left(&r) == 0;
}
