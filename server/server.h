/*
 * The server: its parts made and connected, run until it is told to stop. The main thread holds
 * signals, the watch over the database, NOTIFY and the control socket; workers hold everything
 * about queries.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/bundle.h"
#include "server/control_socket.h"
#include "server/keeper.h"
#include "server/listen.h"
#include "server/log.h"
#include "server/supervisor.h"
#include "store/store.h"

/* How many workers the configuration asks for: one per core that this process may use, where it
 * leaves that open. */
size_t server_workers(const struct config_server *config);

/* What main has opened, and closes; it outlives the server. */
struct server_parts {
    struct log *log;
    struct store *store;
    struct listen_set *sockets;     /* those of server_workers() workers; closed as workers stop */
    struct control_socket *control; /* contactctl is answered there, if it is open */
    struct keeper *keeper; /* does what takes rights on files; NULL: the server itself does */
    const struct supervisor *supervisor; /* is told of start, reloads and stop */
};

/*
 * Serves until SIGTERM or SIGINT; reads the configuration again on SIGHUP.
 *
 *   bundle    handed over: freed at the end, or when a reload has replaced it
 *
 * STATUS_OK after an orderly end, or STATUS_SYSTEM when it could not start; logged.
 */
MUST_CHECK enum status server_run(struct bundle *bundle, const struct server_parts *parts);

#endif
