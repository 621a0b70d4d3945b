/*
 * The control socket at work: a request per connection, an answer, the end (control_command.h has
 * the protocol). In the main thread's event loop; it never waits, and queries are not its matter.
 *
 * Bounds. CONTROL_CLIENTS connections at a time: one more takes the place of the one that has been
 * silent for longest, and waits in the kernel's queue where all have asked. A request is 512 octets
 * and has five seconds to come; an answer is made whole, has five seconds for each 64 KiB that the
 * client takes, and all answers together hold no more than CONTROL_HELD_OCTETS: beyond, a request
 * is refused. A command that takes time has a minute.
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include "server/control_command.h"
#include "server/control_socket.h"

#define CONTROL_CLIENTS     16
#define CONTROL_HELD_OCTETS (64u << 20)

struct event_base;
struct control;

/*
 * Begins to listen.
 *
 *   socket   outlives it
 *   hooks    copied; called from the event loop until control_destroy
 *
 * STATUS_OK or STATUS_SYSTEM (memory).
 */
MUST_CHECK enum status control_create(struct event_base *base, const struct control_socket *socket,
                                      struct log *log, const struct control_hooks *hooks,
                                      struct control **out);

/* Closes all connections. NULL is fine. */
void control_destroy(struct control *control);

#endif
