#include "conf/value_address.h"

#include "conf/units.h"

#include <stdio.h>
#include <string.h>

#define COPY_OCTETS 128

/* The text up to the first of `ends`; false when it is too long for any address. */
static bool copy_until(const char *text, const char *ends, char copy[COPY_OCTETS])
{
    size_t length = strcspn(text, ends);
    if (length >= COPY_OCTETS)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return true;
}

bool value_is_address(const char *text)
{
    struct prefix prefix;
    return strchr(text, '/') == NULL && units_prefix(text, &prefix) == STATUS_OK;
}

/* A port that was written as elsewhere: 192.0.2.1:53, [2001:db8::1]:53, 192.0.2.1#53. The form
 * ADDR@PORT goes to `meant`. */
static bool has_other_port(const char *text, char meant[COPY_OCTETS * 2])
{
    char address[COPY_OCTETS];
    bool bracket = text[0] == '[';
    const char *start = text + (bracket ? 1 : 0);

    if (!copy_until(start,
                    bracket                     ? "]"
                    : strchr(text, '#') != NULL ? "#"
                                                : ":",
                    address) ||
        !value_is_address(address))
        return false;
    const char *rest = start + strlen(address) + (bracket && start[strlen(address)] == ']' ? 1 : 0);
    if (*rest == '\0') {
        snprintf(meant, COPY_OCTETS * 2, "%s", address);
        return true;
    }
    if ((*rest != ':' && *rest != '#' && *rest != '@') || strlen(rest) >= COPY_OCTETS)
        return false;
    snprintf(meant, COPY_OCTETS * 2, "%s@%s", address, rest + 1);
    return true;
}

static void refuse_endpoint(struct diag *diag, struct place place, const char *text)
{
    char address[COPY_OCTETS];
    char meant[COPY_OCTETS * 2];
    const char *port = strchr(text, '@');

    if (port != NULL && copy_until(text, "@", address) && value_is_address(address))
        diag_error(diag, place, "conf-port", "'%s' is not a port; it must lie between 1 and 65535",
                   port + 1);
    else if (has_other_port(text, meant))
        diag_error(diag, place, "conf-address", "'%s' is not ADDRESS@PORT; write %s", text, meant);
    else if (strchr(text, '%') != NULL)
        diag_error(diag, place, "conf-address",
                   "'%s' is not an address of this machine: its interface is unknown", text);
    else
        diag_error(diag, place, "conf-address",
                   "'%s' is not an IP address; write one, with @PORT behind it if need be", text);
}

bool value_endpoint(struct diag *diag, struct place place, const char *text, uint16_t port,
                    struct endpoint *out)
{
    if (units_endpoint(text, port, out) == STATUS_OK)
        return true;
    refuse_endpoint(diag, place, text);
    return false;
}

/* Clears what lies beyond the prefix. */
static void clear_host_bits(struct prefix *prefix, unsigned bits)
{
    for (unsigned bit = bits; bit < prefix->bits; bit++)
        prefix->octets[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    prefix->bits = (uint8_t)bits;
}

static void refuse_prefix(struct diag *diag, struct place place, const char *text)
{
    char address[COPY_OCTETS];
    char network[PREFIX_TEXT_OCTETS];
    const char *slash = strchr(text, '/');
    struct prefix prefix;
    uint64_t bits = 0;

    if (slash == NULL || !copy_until(text, "/", address) || !value_is_address(address) ||
        units_prefix(address, &prefix) != STATUS_OK) {
        diag_error(diag, place, "conf-address",
                   "'%s' is not an IP address; write one, with /BITS behind it for a prefix", text);
        return;
    }
    if (units_number(slash + 1, prefix.bits, &bits) != STATUS_OK) {
        diag_error(diag, place, "conf-prefix",
                   "'%s' is not a prefix length of %s; it must lie between 0 and %u", slash + 1,
                   address, (unsigned)prefix.bits);
        return;
    }
    clear_host_bits(&prefix, (unsigned)bits);
    prefix_to_text(&prefix, network);
    diag_error(diag, place, "conf-prefix", "'%s' names an address, not a prefix; write %s or %s",
               text, network, address);
}

bool value_prefix(struct diag *diag, struct place place, const char *text, struct prefix *out)
{
    if (units_prefix(text, out) == STATUS_OK)
        return true;
    refuse_prefix(diag, place, text);
    return false;
}

bool value_is_unicast(struct diag *diag, struct place place, const struct prefix *host)
{
    static const uint8_t zero[16];
    char text[PREFIX_TEXT_OCTETS];
    bool v4 = host->family == AF_INET;
    bool multicast = v4 ? host->octets[0] >= 224 : host->octets[0] == 0xff;

    if (!multicast && memcmp(host->octets, zero, v4 ? 4 : 16) != 0)
        return true;
    prefix_to_text(host, text);
    diag_error(diag, place, "conf-address", "no machine can have the address '%s'", text);
    return false;
}

bool value_host(struct diag *diag, struct place place, const char *text, struct prefix *out)
{
    if (!value_is_address(text) || units_prefix(text, out) != STATUS_OK) {
        diag_error(diag, place, "conf-address", "'%s' is not an IP address", text);
        return false;
    }
    return value_is_unicast(diag, place, out);
}
