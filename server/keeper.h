/*
 * The keeper: a process beside the server that does for it what takes rights on files, so that the
 * server itself can go without any. It is made before the server opens a secret, a database or a
 * packet, runs as the same account, and takes four requests over a socket:
 *
 *   open     a file that the configuration names, for reading, at a reload; the server gets a
 *            descriptor. Only in the folders of those that were named at the start, and never in
 *            the contacts' or a signing key's folder, whoever asks
 *   close    one folder more that is zonegen's, which a reload names first
 *   permit   the control socket's group and mode, after a reload
 *   remove   the control socket's name, at the end
 *
 * A list of paths in the server's own Landlock rules would do for none of this: rules hold inodes,
 * and whoever edits a file, or renews a certificate, puts another inode in its place; a rule for
 * the folder would open the contacts, which lie in it.
 *
 * It ends when the server has ended, however that came. One that does not answer within five
 * seconds counts as ended: the main thread waits for it, and so does whoever asks that for
 * something.
 */
#ifndef SERVER_KEEPER_H
#define SERVER_KEEPER_H

#include "conf/config.h"
#include "conf/opener.h"
#include "server/control_socket.h"
#include "wire/status.h"

#define KEEPER_MESSAGE_OCTETS 256

struct keeper;

/*
 * Starts it: to be called by a process of one thread that is the user already and holds nothing
 * that it should not have. It keeps neither sockets nor files of the caller but standard error.
 *
 *   config    whose files it may open; read before this returns in the keeper's own copy
 *   control   open or not
 *   message   on failure: one line
 *
 * STATUS_OK or STATUS_SYSTEM. Where its own sandbox lacks something in this kernel, that is for the
 * server to say, whose sandbox lacks it too.
 */
MUST_CHECK enum status keeper_start(const struct config *config,
                                    const struct control_socket *control, struct keeper **out,
                                    char message[KEEPER_MESSAGE_OCTETS]);

/* Has files opened by it; the keeper's own, valid until keeper_stop. */
const struct opener *keeper_opener(const struct keeper *keeper);

/*
 * Closes the folders of contacts and signing keys of a new configuration, whoever asks from then
 * on; those of earlier ones stay closed. STATUS_OK, or STATUS_SYSTEM with one line: a folder is not
 * closed before a restart.
 */
MUST_CHECK enum status keeper_close(const struct keeper *keeper, const struct config *config,
                                    char message[CONTROL_MESSAGE_OCTETS]);

/* control_socket_permit() and the removal of its name, done there. */
MUST_CHECK enum status keeper_permit(const struct keeper *keeper,
                                     const struct config_server *config,
                                     char message[CONTROL_MESSAGE_OCTETS]);
void keeper_remove_control(const struct keeper *keeper);

/* Ends it and waits until it has ended, for a second at most: one that hangs ends when it no longer
 * does. NULL is fine. */
void keeper_stop(struct keeper *keeper);

#endif
