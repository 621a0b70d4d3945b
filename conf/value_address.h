/* Addresses as values of contactd.conf, and what is wrong with one that is none. */
#ifndef CONF_VALUE_ADDRESS_H
#define CONF_VALUE_ADDRESS_H

#include "conf/address.h"
#include "conf/diag.h"

#include <stdbool.h>

/* True for an IPv4 or IPv6 address and nothing else. */
bool value_is_address(const char *text);

/* ADDR, at `port`, or ADDR@PORT; false after a diagnostic at `place`. */
bool value_endpoint(struct diag *diag, struct place place, const char *text, uint16_t port,
                    struct endpoint *out);

/* ADDR or ADDR/BITS; false after a diagnostic. */
bool value_prefix(struct diag *diag, struct place place, const char *text, struct prefix *out);

/* ADDR that packets can be sent to: not unspecified, not multicast; false after a diagnostic. */
bool value_host(struct diag *diag, struct place place, const char *text, struct prefix *out);

/* False after a diagnostic when nobody can be at the address: it is unspecified, or multicast. */
bool value_is_unicast(struct diag *diag, struct place place, const struct prefix *host);

#endif
