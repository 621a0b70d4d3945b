#include "command/context.h"

#include "command/now.h"
#include "conf/names.h"
#include "store/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PATIENCE_MS 10000 /* a large publish takes as long */
#define TOLD_OCTETS 4096  /* more than a command tells of a change, but for many zones */

enum status context_open(struct context *context, const struct options *options, int64_t clock,
                         FILE *out, FILE *err)
{
    memset(context, 0, sizeof *context);
    context->options = options;
    context->out = out;
    context->err = err;
    context->now = options->now_given ? options->now : clock;
    context->patience_ms = PATIENCE_MS;
    context->diag = diag_create();
    progress_open(&context->progress, err);
    return context->diag != NULL ? STATUS_OK : STATUS_SYSTEM;
}

void context_close(struct context *context)
{
    progress_clear(&context->progress);
    config_destroy(context->config);
    diag_destroy(context->diag);
}

void context_say(struct context *context, const char *format, ...)
{
    va_list list;

    progress_clear(&context->progress);
    fputs("zonegen: ", context->err);
    va_start(list, format);
    vfprintf(context->err, format, list);
    va_end(list);
    fputc('\n', context->err);
}

void context_say_memory(struct context *context)
{
    context_say(context, "out of memory");
}

enum status context_read_config(struct context *context)
{
    const char *path =
        context->options->config != NULL ? context->options->config : CONFIG_DEFAULT_PATH;
    return config_read(path, context->diag, &context->config);
}

void context_say_diagnostics(struct context *context)
{
    diag_sort(context->diag);
    const struct diagnostic *first =
        diag_total(context->diag) == 1 ? diag_at(context->diag, 0) : NULL;
    if (first != NULL && first->place.line == 0) {
        context_say(context, "%s%s%s", first->place.file != NULL ? first->place.file : "",
                    first->place.file != NULL ? ": " : "", first->message);
        return;
    }
    progress_clear(&context->progress);
    diag_print(context->diag, DIAG_GNU, context->err);
}

enum status context_configure(struct context *context)
{
    enum status status = context_read_config(context);

    if (status == STATUS_SYSTEM) {
        context_say_memory(context);
        return status;
    }
    if (status != STATUS_OK) {
        context_say_diagnostics(context);
        return status;
    }
    if (context->config->zone_count == 0) {
        context_say(context, "%s: no zone is configured", context->config->path);
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

bool context_clock_is_set(struct context *context)
{
    if (now_is_plausible(context->now))
        return true;
    context_say(context,
                "the clock shows a day before 2020; set it, serials and dates depend on it");
    return false;
}

/* By another thread, while this one waits. */
static void say_waiting(void *state, const char *line)
{
    context_say(state, "%s", line);
}

/* Who else may read the database: the group of the account that the server becomes. */
static enum status find_access(struct context *context, struct store_access *out)
{
    const char *user = context->config->server.user;

    *out = (struct store_access){.shared = user != NULL,
                                 .patience = {context->patience_ms, say_waiting, context}};
    if (user == NULL)
        return STATUS_OK;
    errno = 0;
    const struct passwd *account = getpwnam(user);
    if (account == NULL) {
        context_say(context, "%s: server: user '%s' %s%s", context->config->path, user,
                    errno != 0 ? "cannot be looked up: "
                               : "does not exist; create it with "
                                 "'adduser --system --group'",
                    errno != 0 ? strerror(errno) : "");
        return STATUS_INVALID;
    }
    out->group = account->pw_gid;
    return STATUS_OK;
}

enum status context_open_store(struct context *context, struct store **out)
{
    char message[STORE_MESSAGE_OCTETS] = "";
    struct store_access access;

    enum status status = find_access(context, &access);
    if (status != STATUS_OK)
        return status;
    status = store_create(context->config->database, &access, out, message);
    if (status != STATUS_OK) {
        context_say(context, "%s", message);
        return status;
    }
    store_clear_readers(*out);
    return STATUS_OK;
}

enum status context_begin_edit(struct context *context, struct store *store, struct edit **out)
{
    char message[STORE_MESSAGE_OCTETS] = "";

    enum status status = edit_begin(store, out, message);
    if (status != STATUS_OK)
        context_say(context, "%s", message);
    return status;
}

enum status context_open_edit(struct context *context, struct store **store, struct edit **edit)
{
    *store = NULL;
    if (access(context->config->database, F_OK) != 0) { /* opening it for changes makes it */
        context_say(context, "database %s does not exist; 'zonegen publish' makes it",
                    context->config->database);
        return STATUS_NOT_FOUND;
    }
    enum status status = context_open_store(context, store);
    return status == STATUS_OK ? context_begin_edit(context, *store, edit) : status;
}

void context_say_commit(struct context *context, const char *message)
{
    const char *database = context->config->database;
    struct statvfs disk;

    if (statvfs(database, &disk) == 0 && disk.f_bavail == 0)
        context_say(context, "database %s: no space is left on its disk; nothing has changed",
                    database);
    else
        context_say(context, "%s", message);
}

void context_say_unchanged(struct context *context, const char *outcome)
{
    char message[STORE_MESSAGE_OCTETS] = "";

    snprintf(message, sizeof message, "%s cannot be changed: %s; %s", context->config->database,
             errno != 0 ? strerror(errno) : "out of memory", outcome);
    context_say_commit(context, message);
}

/*
 * True when standard output takes what is about to be told of a change, as far as that can be seen
 * without telling it: a change that is told of before it is made could be told of in vain. Keeps
 * the room on a disk; /dev/full refuses even no octets.
 */
static bool output_takes(struct context *context)
{
    struct pollfd reader = {.fd = fileno(context->out), .events = POLLOUT};

    if (fflush(context->out) != 0 || ferror(context->out))
        return false;
    if (fallocate(reader.fd, FALLOC_FL_KEEP_SIZE, lseek(reader.fd, 0, SEEK_CUR), TOLD_OCTETS) !=
            0 &&
        (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG))
        return false;
    if (poll(&reader, 1, 0) == 1 && (reader.revents & POLLERR) != 0) {
        errno = EPIPE;
        return false;
    }
    return write(reader.fd, "", 0) == 0;
}

enum status context_commit(struct context *context, struct edit *edit)
{
    char message[STORE_MESSAGE_OCTETS] = "";

    if (!output_takes(context)) {
        context_say(context, "standard output: %s; nothing has changed", strerror(errno));
        context->output_told = true;
        edit_abort(edit);
        return STATUS_SYSTEM;
    }
    enum status status = edit_commit(edit, message);
    if (status != STATUS_OK)
        context_say_commit(context, message);
    context->committed = status == STATUS_OK;
    return status;
}

enum status context_tell(struct context *context, const char *outcome)
{
    errno = 0;
    if (fflush(context->out) == 0 && !ferror(context->out))
        return STATUS_OK;
    context_say(context, "standard output: %s; %s",
                errno != 0 ? strerror(errno) : "not everything could be written", outcome);
    context->output_told = true;
    return STATUS_SYSTEM;
}

/* Removes what a private folder holds by now: open files live on without their names. */
static void remove_names(const char *folder, const char *path, char lock[])
{
    unlink(path);
    unlink(lock);
    rmdir(folder);
}

enum status context_open_empty_store(struct context *context, struct store **out)
{
    char message[STORE_MESSAGE_OCTETS] = "";
    const char *parent = getenv("TMPDIR");
    char folder[512];
    char path[sizeof folder + 16];
    char lock[sizeof path + 8];
    const struct store_access access = {.shared = false};

    int length = snprintf(folder, sizeof folder, "%s/zonegen-XXXXXX",
                          parent != NULL && parent[0] == '/' ? parent : "/tmp");
    if ((size_t)length >= sizeof folder || mkdtemp(folder) == NULL) {
        context_say(context, "%s: cannot make a temporary folder: %s", folder, strerror(errno));
        return STATUS_SYSTEM;
    }
    snprintf(path, sizeof path, "%s/empty.mdb", folder);
    snprintf(lock, sizeof lock, "%s-lock", path);
    enum status status = store_create(path, &access, out, message);
    remove_names(folder, path, lock);
    if (status != STATUS_OK)
        context_say(context, "%s", message);
    return status;
}

/* "a.example, b.example" of all configured zones, cut where the line would be too long. */
static void list_zones(const struct config *config, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < config->zone_count; i++) {
        char name[NAME_TEXT_OCTETS];
        context_name_text(&config->zones[i].domain, name);
        const char *comma = i > 0 ? ", " : "";
        if (at + strlen(comma) + strlen(name) + sizeof ", ..." > size) {
            memcpy(text + at, ", ...", sizeof ", ...");
            return;
        }
        at += (size_t)snprintf(text + at, size - at, "%s%s", comma, name);
    }
}

enum status context_read_name(struct context *context, const char *text, struct name *out)
{
    const char *why = names_domain(text, false, out);

    if (why == NULL)
        return STATUS_OK;
    context_say(context, "'%s' is not a domain name: %s", text, why);
    return STATUS_INVALID;
}

enum status context_zone(struct context *context, const char *operand,
                         const struct config_zone **out)
{
    const struct config *config = context->config;
    char zones[2 * NAME_TEXT_OCTETS];
    struct name wanted;

    if (operand == NULL && config->zone_count == 1) {
        *out = &config->zones[0];
        return STATUS_OK;
    }
    list_zones(config, zones, sizeof zones);
    if (operand == NULL) {
        context_say(context, "%s needs a ZONE, several are configured: %s",
                    options_command_name(context->options->command), zones);
        return STATUS_NOT_FOUND;
    }
    if (context_read_name(context, operand, &wanted) != STATUS_OK)
        return STATUS_NOT_FOUND;
    for (size_t i = 0; i < config->zone_count; i++) {
        if (name_equals(config->zones[i].domain.octets, wanted.octets)) {
            *out = &config->zones[i];
            return STATUS_OK;
        }
    }
    context_say(context, "zone '%s' is not configured; %s has: %s", operand, config->path, zones);
    return STATUS_NOT_FOUND;
}

const char *context_name_text(const struct name *name, char text[NAME_TEXT_OCTETS])
{
    size_t length = name_to_text(name->octets, text);
    if (length > 1)
        text[length - 1] = '\0';
    return text;
}
