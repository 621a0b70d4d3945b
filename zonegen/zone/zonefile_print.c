#include "conf/encoding.h"
#include "wire/constants.h"
#include "zone/rrtype.h"
#include "zone/zonefile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

/* One octet of a text in quotes. Returns where the next one goes. */
static char *put_quoted_octet(char *text, uint8_t octet)
{
    if (octet >= ' ' && octet < 0x7f) {
        if (octet == '"' || octet == '\\')
            *text++ = '\\';
        *text++ = (char)octet;
        return text;
    }
    *text++ = '\\';
    *text++ = (char)('0' + octet / 100);
    *text++ = (char)('0' + octet / 10 % 10);
    *text++ = (char)('0' + octet % 10);
    return text;
}

static void print_quoted(const uint8_t *octets, size_t length, FILE *out)
{
    char text[4 * 256];

    putc_unlocked('"', out);
    while (length > 0) {
        size_t part = length < 256 ? length : 256;
        char *end = text;
        for (size_t i = 0; i < part; i++)
            end = put_quoted_octet(end, octets[i]);
        fwrite_unlocked(text, 1, (size_t)(end - text), out);
        octets += part;
        length -= part;
    }
    putc_unlocked('"', out);
}

static void print_strings(const uint8_t *octets, size_t length, FILE *out)
{
    struct reader r = reader_of(octets, length);
    for (const char *before = ""; reader_left(&r) > 0; before = " ") {
        size_t string = reader_u8(&r);
        fputs(before, out);
        print_quoted(reader_octets(&r, string), string, out);
    }
}

/* Seconds since 1970 as they count from there to 2106; RFC 4034 §3.1.5 lets a reader take them
 * modulo 2^32, and so does ours. */
static void print_time(uint32_t seconds, FILE *out)
{
    time_t time = (time_t)seconds;
    struct tm utc;
    gmtime_r(&time, &utc);
    fprintf(out, "%04d%02d%02d%02d%02d%02d", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
            utc.tm_hour, utc.tm_min, utc.tm_sec);
}

static void print_type(uint16_t type, FILE *out)
{
    char text[RRTYPE_TEXT_OCTETS];
    rrtype_to_text(type, text);
    fputs(text, out);
}

static void print_bitmap(const uint8_t *octets, size_t length, FILE *out)
{
    struct reader r = reader_of(octets, length);
    const char *before = "";

    while (reader_left(&r) > 0) {
        unsigned window = reader_u8(&r);
        unsigned count = reader_u8(&r);
        const uint8_t *bits = reader_octets(&r, count);
        for (unsigned bit = 0; bits != NULL && bit < count * 8; bit++) {
            if ((bits[bit / 8] & 0x80 >> bit % 8) == 0)
                continue;
            fputs(before, out);
            print_type((uint16_t)(window << 8 | bit), out);
            before = " ";
        }
    }
}

static void print_number(const uint8_t *octets, size_t length, FILE *out)
{
    unsigned long number = 0;
    for (size_t i = 0; i < length; i++)
        number = number << 8 | octets[i];
    fprintf(out, "%lu", number);
}

/* Without the dotted form of embedded IPv4 addresses, which PowerDNS warns of. */
static void print_ipv6(const uint8_t *octets, FILE *out)
{
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(AF_INET6, octets, text, sizeof text) == NULL)
        return;
    char *group = strrchr(text, ':');
    if (group != NULL && strchr(group, '.') != NULL)
        snprintf(group + 1, sizeof "ffff:ffff", "%x:%x", octets[12] << 8u | octets[13],
                 octets[14] << 8u | octets[15]);
    fputs(text, out);
}

static void print_ipv4(const uint8_t *octets, FILE *out)
{
    fprintf(out, "%u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
}

static void print_name(const uint8_t *name, FILE *out)
{
    char text[NAME_TEXT_OCTETS];
    name_to_text(name, text);
    fputs(text, out);
}

static uint32_t number_at(const uint8_t *octets, size_t length)
{
    struct reader r = reader_of(octets, length);
    return length == 2 ? reader_u16(&r) : reader_u32(&r);
}

static void print_field(enum rrtype_field field, const uint8_t *octets, size_t length, FILE *out)
{
    switch (field) {
    case FIELD_END:
        break;
    case FIELD_U8:
    case FIELD_U16:
    case FIELD_U32:
    case FIELD_PERIOD:
    case FIELD_ALGORITHM:
    case FIELD_CERT:
        print_number(octets, length, out);
        break;
    case FIELD_TIME:
        print_time(number_at(octets, length), out);
        break;
    case FIELD_TYPE:
        print_type((uint16_t)number_at(octets, length), out);
        break;
    case FIELD_IPV4:
        print_ipv4(octets, out);
        break;
    case FIELD_IPV6:
        print_ipv6(octets, out);
        break;
    case FIELD_NAME:
        print_name(octets, out);
        break;
    case FIELD_STRING:
    case FIELD_QUOTED:
        print_quoted(octets, length, out);
        break;
    case FIELD_STRINGS:
        print_strings(octets, length, out);
        break;
    case FIELD_TAG:
        fwrite_unlocked(octets, 1, length, out);
        break;
    case FIELD_SALT:
        if (length == 0)
            putc_unlocked('-', out);
        encoding_print(ENCODING_HEX, octets, length, out);
        break;
    case FIELD_HASH:
        encoding_print(ENCODING_BASE32HEX, octets, length, out);
        break;
    case FIELD_BASE64:
        encoding_print(ENCODING_BASE64, octets, length, out);
        break;
    case FIELD_HEX:
        encoding_print(ENCODING_HEX, octets, length, out);
        break;
    case FIELD_BITMAP:
        print_bitmap(octets, length, out);
        break;
    }
}

/* The type and RDATA of a record. */
static void print_data(uint16_t type, const struct rdata *rdata, FILE *out)
{
    const struct rrtype *rrtype = rrtype_find(type);

    if (rrtype == NULL || !rrtype_fits(rrtype, rdata->octets, rdata->length)) {
        /* What does not fit its type is no such record to any server; it is shown as it is. */
        fprintf(out, "TYPE%u \\# %u", (unsigned)type, (unsigned)rdata->length);
        if (rdata->length > 0)
            putc_unlocked(' ', out);
        encoding_print(ENCODING_HEX, rdata->octets, rdata->length, out);
        return;
    }
    struct reader r = reader_of(rdata->octets, rdata->length);
    fputs(rrtype->name, out);
    for (size_t i = 0; rrtype->fields[i] != FIELD_END; i++) {
        size_t length;
        const uint8_t *octets = rrtype_take(rrtype->fields[i], &r, &length);
        if (rrtype->fields[i] == FIELD_BITMAP && length == 0)
            break; /* an empty set leaves no blank at the end of the line */
        putc_unlocked(' ', out);
        print_field(rrtype->fields[i], octets, length, out);
    }
}

static void print_record(const char *owner, uint16_t type, uint32_t ttl, const struct rdata *rdata,
                         FILE *out)
{
    fprintf(out, "%s %lu IN ", owner, (unsigned long)ttl);
    print_data(type, rdata, out);
    putc_unlocked('\n', out);
}

void zonefile_print_rrset(const uint8_t *owner, const struct rrset *rrset, const char *prefix,
                          FILE *out)
{
    char text[NAME_TEXT_OCTETS];

    name_to_text(owner, text);
    for (size_t i = 0; i < rrset->count; i++) {
        fputs(prefix, out);
        print_record(text, rrset->type, rrset->ttl, &rrset->items[i], out);
    }
}

/* A signature has the TTL of what it covers (RFC 4034 §3), so that those of one name differ. */
static uint32_t record_ttl(const struct node *node, const struct rrset *rrset,
                           const struct rdata *rdata)
{
    if (rrset->type != TYPE_RRSIG || rdata->length < 2)
        return rrset->ttl;
    const struct rrset *covered = node_rrset(node, (uint16_t)number_at(rdata->octets, 2));
    return covered != NULL ? covered->ttl : rrset->ttl;
}

static void print_rrset(const struct node *node, const char *owner, const struct rrset *rrset,
                        FILE *out)
{
    for (size_t i = 0; i < rrset->count; i++) {
        const struct rdata *rdata = &rrset->items[i];
        print_record(owner, rrset->type, record_ttl(node, rrset, rdata), rdata, out);
    }
}

static void print_node(const struct node *node, FILE *out)
{
    char owner[NAME_TEXT_OCTETS];
    const struct rrset *soa = node_rrset(node, TYPE_SOA);

    name_to_text(node->owner.octets, owner);
    if (soa != NULL)
        print_rrset(node, owner, soa, out);
    for (size_t i = 0; i < node->rrset_count; i++)
        if (&node->rrsets[i] != soa)
            print_rrset(node, owner, &node->rrsets[i], out);
}

enum status zonefile_print(const struct node_source *source, FILE *out)
{
    struct node node;

    enum status status = source->rewind(source->state);
    while (status == STATUS_OK && !ferror(out)) {
        status = source->next(source->state, &node);
        if (status == STATUS_OK)
            print_node(&node, out);
    }
    if (status == STATUS_OK || (status == STATUS_NOT_FOUND && fflush(out) != 0))
        return STATUS_SYSTEM;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
