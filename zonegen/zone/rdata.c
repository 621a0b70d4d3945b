#include "zone/rdata.h"

#include "wire/constants.h"
#include "wire/reader.h"

#include <string.h>

#define SOA_NUMBERS_OCTETS 20 /* RFC 1035 §3.3.13 */

#define CERT_IPGP 6 /* RFC 4398 §2.1 */

/* Where the names of a type stand: after fixed octets and character strings. */
struct shape {
    uint16_t type;
    uint8_t fixed_octets;
    uint8_t strings;
    uint8_t names;
};

static const struct shape shapes[] = {
    {TYPE_NS, 0, 0, 1},    {TYPE_MD, 0, 0, 1},     {TYPE_MF, 0, 0, 1},    {TYPE_CNAME, 0, 0, 1},
    {TYPE_SOA, 0, 0, 2},   {TYPE_MB, 0, 0, 1},     {TYPE_MG, 0, 0, 1},    {TYPE_MR, 0, 0, 1},
    {TYPE_PTR, 0, 0, 1},   {TYPE_MINFO, 0, 0, 2},  {TYPE_MX, 2, 0, 1},    {TYPE_RP, 0, 0, 2},
    {TYPE_AFSDB, 2, 0, 1}, {TYPE_RT, 2, 0, 1},     {TYPE_SIG, 18, 0, 1},  {TYPE_PX, 2, 0, 2},
    {TYPE_NXT, 0, 0, 1},   {TYPE_SRV, 6, 0, 1},    {TYPE_NAPTR, 4, 3, 1}, {TYPE_KX, 2, 0, 1},
    {TYPE_DNAME, 0, 0, 1}, {TYPE_RRSIG, 18, 0, 1},
};

static const struct shape *shape_of(uint16_t type)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].type == type)
            return &shapes[i];
    return NULL;
}

void rdata_names(uint16_t type, const uint8_t *octets, size_t length, size_t *first, size_t *end)
{
    const struct shape *shape = shape_of(type);
    *first = *end = 0;
    if (shape == NULL)
        return;

    struct reader r = reader_of(octets, length);
    reader_octets(&r, shape->fixed_octets);
    for (unsigned i = 0; i < shape->strings; i++) {
        size_t string = reader_u8(&r);
        reader_octets(&r, string);
    }
    size_t start = length - reader_left(&r);
    for (unsigned i = 0; i < shape->names && !r.failed; i++) {
        size_t name;
        name_take(&r, &name);
    }
    if (r.failed)
        return;
    *first = start;
    *end = length - reader_left(&r);
}

static bool is_capital(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z';
}

/* One octet in canonical form. The length octets of labels are below 'A' and stay as they are. */
static uint8_t canonical(uint8_t octet, bool in_name)
{
    return in_name && is_capital(octet) ? (uint8_t)(octet + ('a' - 'A')) : octet;
}

/* Octets from the start that are the same in both, and have no capital. */
static size_t count_same(const struct rdata *a, const struct rdata *b, size_t shorter)
{
    size_t at = 0;
    while (at < shorter && a->octets[at] == b->octets[at] && !is_capital(a->octets[at]))
        at++;
    return at;
}

int rdata_compare(uint16_t type, const struct rdata *a, const struct rdata *b)
{
    size_t first_a, end_a, first_b, end_b;
    size_t shorter = a->length < b->length ? a->length : b->length;
    size_t same = count_same(a, b, shorter);

    /* Where names begin and end matters to capitals only: mostly there is none up to where they
     * differ. */
    if (same == shorter)
        return (a->length > b->length) - (a->length < b->length);
    if (!is_capital(a->octets[same]) && !is_capital(b->octets[same]))
        return a->octets[same] - b->octets[same];

    rdata_names(type, a->octets, a->length, &first_a, &end_a);
    rdata_names(type, b->octets, b->length, &first_b, &end_b);
    for (size_t i = 0; i < shorter; i++) {
        int difference = canonical(a->octets[i], i >= first_a && i < end_a) -
                         canonical(b->octets[i], i >= first_b && i < end_b);
        if (difference != 0)
            return difference;
    }
    return (a->length > b->length) - (a->length < b->length);
}

struct rdata rdata_keep(const struct writer *w, struct arena *arena)
{
    static const uint8_t nothing[1];
    size_t length = writer_length(w);
    if (w->failed || length > UINT16_MAX)
        return (struct rdata){nothing, 0};
    const char *copy = arena_copy(arena, w->start, length);
    if (copy == NULL)
        return (struct rdata){nothing, 0};
    return (struct rdata){(const uint8_t *)copy, (uint16_t)length};
}

void rdata_write_name(struct writer *w, const struct name *name)
{
    writer_octets(w, name->octets, name->length);
}

void rdata_write_rp(struct writer *w, const struct name *mailbox, const struct name *txt)
{
    rdata_write_name(w, mailbox);
    rdata_write_name(w, txt);
}

void rdata_write_soa(struct writer *w, const struct name *mname, const struct name *rname,
                     const struct soa_numbers *numbers)
{
    rdata_write_name(w, mname);
    rdata_write_name(w, rname);
    writer_u32(w, numbers->serial);
    writer_u32(w, numbers->refresh);
    writer_u32(w, numbers->retry);
    writer_u32(w, numbers->expire);
    writer_u32(w, numbers->minimum);
}

bool rdata_read_soa(const struct rrset *soa, struct soa_numbers *out)
{
    *out = (struct soa_numbers){.serial = 0};
    if (soa == NULL || soa->items[0].length < SOA_NUMBERS_OCTETS)
        return false;
    const struct rdata *rdata = &soa->items[0];
    struct reader r =
        reader_of(rdata->octets + rdata->length - SOA_NUMBERS_OCTETS, SOA_NUMBERS_OCTETS);
    out->serial = reader_u32(&r);
    out->refresh = reader_u32(&r);
    out->retry = reader_u32(&r);
    out->expire = reader_u32(&r);
    out->minimum = reader_u32(&r);
    return true;
}

uint32_t rdata_negative_ttl(const struct rrset *soa)
{
    if (soa == NULL || soa->items[0].length < 4)
        return 0;
    struct reader r = reader_of(soa->items[0].octets + soa->items[0].length - 4, 4);
    uint32_t minimum = reader_u32(&r);
    return soa->ttl < minimum ? soa->ttl : minimum;
}

void rdata_write_uri(struct writer *w, unsigned priority, const char *target)
{
    writer_u16(w, (uint16_t)priority);
    writer_u16(w, 0);
    writer_octets(w, (const uint8_t *)target, strlen(target));
}

/* The value of a hex digit, or -1. */
static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

void rdata_write_ipgp(struct writer *w, const char *fingerprint)
{
    size_t digits = strlen(fingerprint);
    if (digits == 0 || digits % 2 != 0 || digits / 2 > UINT8_MAX)
        w->failed = true;
    writer_u16(w, CERT_IPGP);
    writer_u16(w, 0);
    writer_u8(w, 0);
    writer_u8(w, (uint8_t)(digits / 2));
    for (size_t i = 0; i + 1 < digits; i += 2) {
        int high = hex_value(fingerprint[i]);
        int low = hex_value(fingerprint[i + 1]);
        if (high < 0 || low < 0)
            w->failed = true;
        writer_u8(w, (uint8_t)((unsigned)high << 4 | (unsigned)low));
    }
}
