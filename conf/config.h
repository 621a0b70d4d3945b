/*
 * contactd.conf: what both programs are told (contactd.conf(5) is the manual). The structs are in
 * settings.h, addresses in address.h; both come with this header.
 */
#ifndef CONF_CONFIG_H
#define CONF_CONFIG_H

#include "conf/address.h"
#include "conf/arena.h"
#include "conf/diag.h"
#include "conf/settings.h"
#include "wire/status.h"

#include <stdbool.h>
#include <sys/socket.h>

#define CONFIG_DEFAULT_PATH "/etc/contactd/contactd.conf"

/*
 * Reads and checks the whole file, and what it includes. Relative paths in it are relative to the
 * file that names them. What lies behind `database`, `contacts` and `tlds` is not looked at: that
 * is for the program that opens it.
 *
 *   diag   every error and warning with its place
 *   out    a configuration to be freed with config_destroy, on STATUS_OK only (warnings are fine)
 *
 * STATUS_OK, STATUS_INVALID, or STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status config_read(const char *path, struct diag *diag, struct config **out);

/* The same with another way to open files, which stays with the configuration, for what it names:
 * `opener` outlives it. NULL is open(2). */
MUST_CHECK enum status config_read_by(const char *path, const struct opener *opener,
                                      struct diag *diag, struct config **out);

void config_destroy(struct config *config);

/*
 * Reads the one item of the file that contactctl needs, `control`, whatever else is wrong in it.
 *
 *   diag   what keeps it from being read: no such file, no YAML
 *   out    the path, to be freed; NULL where the item is not written
 *
 * STATUS_OK, STATUS_INVALID, or STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status config_read_control(const char *path, struct diag *diag, char **out);

/* Who asks, as far as it was proved. */
struct config_asker {
    const struct sockaddr *address;
    const struct config_key *key; /* of a TSIG that was verified, or NULL */
    bool tls;
    size_t name_count; /* of a client certificate that was verified */
    const char *const *names;
};

/*
 * The first acl of the zone whose terms hold for `action` decides: true unless it denies. No acl
 * that holds: `otherwise`. A term that asks for a key, TLS or a certificate holds for nothing less;
 * who brings more than an acl asks for is not kept out.
 */
bool config_acl_allows(const struct config_zone *zone, enum acl_action action,
                       const struct config_asker *asker, bool otherwise);

/* The server's checks of a new configuration against the running one: what needs a restart. The
 * item's name that changed (`listen`, `tls-listen`, `control`, `user`, `sandbox`, `workers`,
 * `database`), or NULL. */
const char *config_needs_restart(const struct config *running, const struct config *fresh);

#endif
