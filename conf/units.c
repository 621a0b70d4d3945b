#include "conf/units.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* Longest text of an address with its scope: "2001:db8:…%interface". */
#define ADDRESS_TEXT_OCTETS (INET6_ADDRSTRLEN + IF_NAMESIZE)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes the digits at `*text` and moves it behind them. False for none, or beyond `limit`. */
static bool take_number(const char **text, uint64_t limit, uint64_t *out)
{
    uint64_t value = 0;

    if (!is_digit(**text))
        return false;
    for (; is_digit(**text); (*text)++) {
        uint64_t digit = (uint64_t)(**text - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return value <= limit;
}

enum status units_number(const char *text, uint64_t limit, uint64_t *out)
{
    uint64_t value = 0;
    if (!take_number(&text, limit, &value) || *text != '\0')
        return STATUS_MALFORMED;
    *out = value;
    return STATUS_OK;
}

struct suffix {
    char lower, upper;
    uint64_t factor;
};

static const struct suffix *find_suffix(const struct suffix *list, size_t count, char letter)
{
    for (size_t i = 0; i < count; i++)
        if (letter == list[i].lower || letter == list[i].upper)
            return &list[i];
    return NULL;
}

enum status units_seconds(const char *text, uint64_t limit, uint64_t *out)
{
    static const struct suffix units[] = {
        {'s', 'S', 1}, {'m', 'M', 60}, {'h', 'H', 3600}, {'d', 'D', 86400}, {'w', 'W', 604800},
    };
    uint64_t total = 0;
    uint64_t last_factor = UINT64_MAX;

    if (units_number(text, limit, out) == STATUS_OK)
        return STATUS_OK;
    do {
        uint64_t value = 0;
        if (!take_number(&text, limit, &value))
            return STATUS_MALFORMED;
        const struct suffix *unit = find_suffix(units, sizeof units / sizeof units[0], *text);
        /* Falling units only: 1h30m is a time, 30m1h and 1d1d are slips of the pen. */
        /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): no factor in the table is 0. */
        if (unit == NULL || unit->factor >= last_factor || value > (limit - total) / unit->factor)
            return STATUS_MALFORMED;
        total += value * unit->factor;
        last_factor = unit->factor;
        text++;
    } while (*text != '\0');
    *out = total;
    return STATUS_OK;
}

void units_seconds_text(uint64_t seconds, char text[32])
{
    static const struct {
        uint64_t factor;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;
    while (seconds % units[i].factor != 0)
        i++;
    snprintf(text, 32, "%" PRIu64 "%c", seconds / units[i].factor, units[i].unit);
}

enum status units_octets(const char *text, uint64_t limit, uint64_t *out)
{
    static const struct suffix units[] = {
        {'k', 'K', 1u << 10},
        {'m', 'M', 1u << 20},
        {'g', 'G', 1u << 30},
    };
    uint64_t value = 0;

    if (!take_number(&text, limit, &value))
        return STATUS_MALFORMED;
    if (*text != '\0') {
        const struct suffix *unit = find_suffix(units, sizeof units / sizeof units[0], *text);
        if (unit == NULL || text[1] != '\0' || value > limit / unit->factor)
            return STATUS_MALFORMED;
        value *= unit->factor;
    }
    *out = value;
    return STATUS_OK;
}

/* Days of a date in the proleptic Gregorian calendar, years counted from March so that the leap day
 * comes last; 719468 days lie between 0000-03-01 and 1970-01-01. */
static int32_t days_of_date(int32_t year, int32_t month, int32_t day)
{
    if (month <= 2)
        year--;
    int32_t era = (year >= 0 ? year : year - 399) / 400;
    int32_t year_of_era = year - era * 400;
    int32_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int32_t days_of_month(int32_t year, int32_t month)
{
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

enum status units_date(const char *text, int32_t *days)
{
    static const char *const form = "dddd-dd-dd";

    for (size_t i = 0; i <= strlen(form); i++) /* the NUL is compared too */
        if (form[i] == 'd' ? !is_digit(text[i]) : text[i] != form[i])
            return STATUS_MALFORMED;
    int32_t year =
        (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
    int32_t month = (text[5] - '0') * 10 + text[6] - '0';
    int32_t day = (text[8] - '0') * 10 + text[9] - '0';
    if (month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
        return STATUS_MALFORMED;
    *days = days_of_date(year, month, day);
    return STATUS_OK;
}

/* Century, year of it, month and day, of two digits each: YYYY-MM-DD. */
static void write_date(const int parts[4], char text[16])
{
    static const char pattern[] = "0000-00-00";
    static const size_t places[] = {0, 2, 5, 8};

    memcpy(text, pattern, sizeof pattern);
    for (size_t i = 0; i < 4; i++) {
        text[places[i]] = (char)('0' + parts[i] / 10);
        text[places[i] + 1] = (char)('0' + parts[i] % 10);
    }
}

void units_date_text(int32_t days, char text[16])
{
    int64_t shifted = (int64_t)days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);

    if (year >= 0 && year <= 9999) { /* as all are that people write */
        const int parts[] = {(int)(year / 100), (int)(year % 100), (int)month, (int)day};
        write_date(parts, text);
        return;
    }
    char wide[40]; /* the compiler cannot see that 15 characters suffice: years end at 5881580 */
    snprintf(wide, sizeof wide, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
    memcpy(text, wide, 16);
    text[15] = '\0';
}

/* The number of an interface, by name or as a number; 0 when there is none. */
static unsigned scope_number(const char *text)
{
    uint64_t number = 0;
    if (units_number(text, UINT32_MAX, &number) == STATUS_OK)
        return (unsigned)number;
    return if_nametoindex(text);
}

static enum status read_v6(char *address, uint16_t port, struct endpoint *out)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    char *scope = strchr(address, '%');

    if (scope != NULL) {
        *scope = '\0';
        v6.sin6_scope_id = scope_number(scope + 1);
        if (v6.sin6_scope_id == 0)
            return STATUS_MALFORMED;
    }
    if (inet_pton(AF_INET6, address, &v6.sin6_addr) != 1)
        return STATUS_MALFORMED;
    out->address.v6 = v6;
    out->length = sizeof v6;
    return STATUS_OK;
}

enum status units_endpoint(const char *text, uint16_t default_port, struct endpoint *out)
{
    char address[ADDRESS_TEXT_OCTETS];
    size_t length = strcspn(text, "@");
    uint64_t port = default_port;

    if (length >= sizeof address)
        return STATUS_MALFORMED;
    memcpy(address, text, length);
    address[length] = '\0';
    if (text[length] == '@' &&
        (units_number(text + length + 1, UINT16_MAX, &port) != STATUS_OK || port == 0))
        return STATUS_MALFORMED;

    struct endpoint endpoint = {.length = sizeof endpoint.address.v4};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        endpoint.address.v4 = v4;
    else if (read_v6(address, (uint16_t)port, &endpoint) != STATUS_OK)
        return STATUS_MALFORMED;
    *out = endpoint;
    return STATUS_OK;
}

static bool has_host_bits(const struct prefix *prefix, uint8_t width)
{
    for (unsigned bit = prefix->bits; bit < width; bit++)
        if ((prefix->octets[bit / 8] & (0x80u >> bit % 8)) != 0)
            return true;
    return false;
}

/* ::ffff:192.0.2.0/120 is written as IPv4, since prefix_matches sees mapped clients so. */
static void unmap(struct prefix *prefix)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (prefix->family != AF_INET6 || prefix->bits < 96 ||
        memcmp(prefix->octets, mapped, sizeof mapped) != 0)
        return;
    struct prefix v4 = {.family = AF_INET, .bits = (uint8_t)(prefix->bits - 96)};
    memcpy(v4.octets, prefix->octets + 12, 4);
    *prefix = v4;
}

enum status units_prefix(const char *text, struct prefix *out)
{
    char address[ADDRESS_TEXT_OCTETS];
    size_t length = strcspn(text, "/");
    struct prefix prefix = {.family = AF_INET};

    if (length >= sizeof address)
        return STATUS_MALFORMED;
    memcpy(address, text, length);
    address[length] = '\0';
    if (inet_pton(AF_INET, address, prefix.octets) != 1) {
        prefix.family = AF_INET6;
        if (inet_pton(AF_INET6, address, prefix.octets) != 1)
            return STATUS_MALFORMED;
    }
    uint8_t width = prefix.family == AF_INET ? 32 : 128;
    uint64_t bits = width;
    if (text[length] == '/' && units_number(text + length + 1, width, &bits) != STATUS_OK)
        return STATUS_MALFORMED;
    prefix.bits = (uint8_t)bits;
    if (has_host_bits(&prefix, width))
        return STATUS_MALFORMED;
    unmap(&prefix);
    *out = prefix;
    return STATUS_OK;
}
