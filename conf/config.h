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

void config_destroy(struct config *config);

/*
 * The first acl of the zone whose terms hold for `action` decides: true unless it denies. No acl
 * that holds: `otherwise`.
 */
bool config_acl_allows(const struct config_zone *zone, enum acl_action action,
                       const struct sockaddr *client, bool otherwise);

/* The server's checks of a new configuration against the running one: what needs a restart. The
 * item's name that changed (`listen`, `user`, `workers`, `database`), or NULL. */
const char *config_needs_restart(const struct config *running, const struct config *fresh);

#endif
