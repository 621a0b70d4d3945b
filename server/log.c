#include "server/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_OCTETS 2048

/*
 * How a line gets to stderr without waiting for whoever reads it. O_NONBLOCK on the descriptor that
 * we were given is out of the question: the shell and other programs share it.
 */
enum way {
    WAY_WRITE, /* a file: never waits */
    WAY_SEND,  /* a socket, as systemd gives us: MSG_DONTWAIT */
    WAY_OWN,   /* a pipe or terminal, opened anew through /proc for ourselves, O_NONBLOCK */
    WAY_POLL,  /* a pipe that cannot be opened anew: written to only when it has room */
};

struct log {
    struct log *parent; /* of one that overhears, which has nothing else but `heard` */
    struct text *heard;
    atomic_int target;
    atomic_int format;
    atomic_int level;
    atomic_ulong lost; /* lines since the last one that went out */
    enum way way;
    int descriptor;
    const char *socket_path;
    pthread_mutex_t syslog_lock; /* guards syslog_socket */
    int syslog_socket;           /* -1: not connected */
};

static void choose_way(struct log *log, int descriptor)
{
    struct stat what;
    log->descriptor = descriptor;
    log->way = WAY_WRITE;
    if (fstat(descriptor, &what) != 0)
        return;
    if (S_ISSOCK(what.st_mode))
        log->way = WAY_SEND;
    if (!S_ISFIFO(what.st_mode) && !S_ISCHR(what.st_mode))
        return;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    log->way = own >= 0 ? WAY_OWN : WAY_POLL;
    if (own >= 0)
        log->descriptor = own;
}

struct log *log_create(const struct config_log *config, int descriptor, const char *socket)
{
    struct log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    if (pthread_mutex_init(&log->syslog_lock, NULL) != 0) {
        free(log);
        return NULL;
    }
    log->syslog_socket = -1;
    log->socket_path = socket;
    choose_way(log, descriptor);
    log_configure(log, config);
    return log;
}

struct log *log_overhear(struct log *parent, struct text *heard)
{
    struct log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    log->parent = parent;
    log->heard = heard;
    return log;
}

void log_destroy(struct log *log)
{
    if (!log)
        return;
    if (log->parent) {
        free(log);
        return;
    }
    if (log->way == WAY_OWN)
        close(log->descriptor);
    if (log->syslog_socket >= 0)
        close(log->syslog_socket);
    pthread_mutex_destroy(&log->syslog_lock);
    free(log);
}

void log_configure(struct log *log, const struct config_log *config)
{
    atomic_store(&log->target, (int)config->target);
    atomic_store(&log->format, (int)config->format);
    atomic_store(&log->level, (int)config->level);
}

void log_set_level(struct log *log, enum log_level level)
{
    atomic_store(&log->level, (int)level);
}

enum log_level log_level(const struct log *log)
{
    return (enum log_level)atomic_load(&log->level);
}

bool log_wants(const struct log *log, enum log_level level)
{
    if (log && log->parent)
        return level <= LOG_LEVEL_WARNING || log_wants(log->parent, level);
    return log && (int)level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

static bool write_stderr(struct log *log, const char *line, size_t length)
{
    /* A signal may interrupt any of these before the first octet. A closed pipe is EPIPE, a full
     * one EAGAIN; SIGPIPE is ignored by main(). All that is a lost line, never a reason to wait. */
    ssize_t written = -1;
    for (int attempt = 0; attempt < 3 && written < 0; attempt++) {
        struct pollfd room = {log->descriptor, POLLOUT, 0};
        if (log->way == WAY_SEND)
            written = send(log->descriptor, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        else if (log->way != WAY_POLL || (poll(&room, 1, 0) == 1 && room.revents & POLLOUT))
            written = write(log->descriptor, line, length);
        else
            return false;
        if (written < 0 && errno != EINTR)
            return false;
    }
    return written == (ssize_t)length;
}

/* Not syslog(3): it keeps its connection in globals and waits for a daemon that does not read. */
static bool connect_syslog(struct log *log)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (log->syslog_socket >= 0)
        close(log->syslog_socket);
    log->syslog_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (log->syslog_socket < 0 || strlen(log->socket_path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, log->socket_path, strlen(log->socket_path) + 1);
    return connect(log->syslog_socket, (const struct sockaddr *)&address, sizeof address) == 0;
}

static bool write_syslog(struct log *log, const char *line, size_t length)
{
    pthread_mutex_lock(&log->syslog_lock);
    bool sent = log->syslog_socket >= 0 &&
                send(log->syslog_socket, line, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    /* A daemon that was restarted has another socket: connect once more. One that is merely slow
     * costs a line. */
    if (!sent && (log->syslog_socket < 0 || errno != EAGAIN))
        sent = connect_syslog(log) &&
               send(log->syslog_socket, line, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    pthread_mutex_unlock(&log->syslog_lock);
    return sent;
}

static bool emit(struct log *log, const struct log_event *event)
{
    char line[LOG_LINE_OCTETS];
    enum log_format format = (enum log_format)atomic_load(&log->format);

    if (atomic_load(&log->target) == LOG_TARGET_SYSLOG) {
        struct tm local = {0};
        localtime_r(&event->time.tv_sec, &local);
        return write_syslog(log, line, log_line_syslog(line, event, format, &local, getpid()));
    }
    size_t length =
        format == LOG_FORMAT_JSON ? log_line_json(line, event) : log_line_text(line, event);
    return write_stderr(log, line, length);
}

static void write_message(struct log *log, enum log_level level, const struct log_field *fields,
                          const char *message)
{
    struct log_event event = {.level = level, .message = message, .fields = fields};
    if (log->parent) {
        if (level <= LOG_LEVEL_WARNING)
            text_add(log->heard, "%s: %s\n", level == LOG_LEVEL_ERROR ? "error" : "warning",
                     message);
        if (log_wants(log->parent, level))
            write_message(log->parent, level, fields, message);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &event.time);
    if (!emit(log, &event)) {
        atomic_fetch_add(&log->lost, 1);
        return;
    }
    unsigned long lost = atomic_exchange(&log->lost, 0);
    if (lost == 0)
        return;
    char text[64];
    snprintf(text, sizeof text, "%lu lines of log were lost: nobody read them", lost);
    struct log_event confession = {event.time, LOG_LEVEL_WARNING, text, NULL};
    if (!emit(log, &confession))
        atomic_fetch_add(&log->lost, lost);
}

static void write_list(struct log *log, enum log_level level, const struct log_field *fields,
                       const char *format, va_list arguments) __attribute__((format(printf, 4, 0)));

static void write_list(struct log *log, enum log_level level, const struct log_field *fields,
                       const char *format, va_list arguments)
{
    char message[MESSAGE_OCTETS];

    if (!log_wants(log, level))
        return;
    vsnprintf(message, sizeof message, format, arguments);
    write_message(log, level, fields, message);
}

void log_write_fields(struct log *log, enum log_level level, const struct log_field *fields,
                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_list(log, level, fields, format, arguments);
    va_end(arguments);
}

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_list(log, level, NULL, format, arguments);
    va_end(arguments);
}

bool log_pace_allows(struct log_pace *pace, int64_t now_ms)
{
    if (pace->said && now_ms - pace->last_ms < LOG_PACE_MS)
        return false;
    pace->said = true;
    pace->last_ms = now_ms;
    return true;
}
