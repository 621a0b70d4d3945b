/*
 * The server: its parts made and connected, run until it is told to stop. The main thread holds
 * signals, the watch over the database, NOTIFY and the control socket; workers hold everything
 * about queries.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/bundle.h"
#include "server/control_socket.h"
#include "server/listen.h"
#include "server/log.h"
#include "store/store.h"

/* How many workers the configuration asks for: one per core that this process may use, where it
 * leaves that open. */
size_t server_workers(const struct config_server *config);

/*
 * Serves until SIGTERM or SIGINT; reads the configuration again on SIGHUP.
 *
 *   bundle    handed over: freed at the end, or when a reload has replaced it
 *   sockets   those of server_workers() workers; closed as workers stop
 *   control   contactctl is answered there, if it is open; closed by the caller
 *
 * STATUS_OK after an orderly end, or STATUS_SYSTEM when it could not start; logged.
 */
MUST_CHECK enum status server_run(struct bundle *bundle, struct log *log, struct store *store,
                                  struct listen_set *sockets, struct control_socket *control);

#endif
