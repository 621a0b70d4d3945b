/* Addresses as the server uses them: endpoints and prefixes. Reading them from text is units.h. */
#ifndef CONF_ADDRESS_H
#define CONF_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An address with a port, ready for bind or sendto. */
struct endpoint {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t length;
};

/* An address prefix; v4 addresses are kept as they are, not mapped. */
struct prefix {
    sa_family_t family; /* AF_INET or AF_INET6 */
    uint8_t octets[16];
    uint8_t bits; /* 0..32 or 0..128 */
};

/* "192.0.2.1@53" or "2001:db8::1@53", for messages; a scope is shown as %NUMBER. */
#define ENDPOINT_TEXT_OCTETS 64
void endpoint_to_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_OCTETS]);

/* True when both are the same address, scope and port. */
bool endpoint_equals(const struct endpoint *a, const struct endpoint *b);

/* True when the address lies in the prefix; IPv4-mapped IPv6 addresses count as IPv4. */
bool prefix_matches(const struct prefix *prefix, const struct sockaddr *address);

/* The endpoint's address alone, as a prefix of 32 or 128 bits; IPv4-mapped becomes IPv4. */
struct prefix prefix_of_address(const struct sockaddr *address);

/* True when every address of `inner` lies in `outer`. */
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);

/* "192.0.2.0/24", and without the bits where they cover the whole address. */
#define PREFIX_TEXT_OCTETS 64
void prefix_to_text(const struct prefix *prefix, char text[PREFIX_TEXT_OCTETS]);

#endif
