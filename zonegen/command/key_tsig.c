#include "command/command.h"
#include "conf/names.h"
#include "conf/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* A key to be printed. */
struct made {
    char name[NAME_TEXT_OCTETS]; /* lower case, no final dot */
    enum tsig_algorithm algorithm;
    struct secret secret;
};

/* hmac-sha1 is for what others have made. */
static enum status choose_algorithm(struct context *context, enum tsig_algorithm *out)
{
    static const enum tsig_algorithm offered[] = {TSIG_HMAC_SHA256, TSIG_HMAC_SHA384,
                                                  TSIG_HMAC_SHA512};
    const char *wanted = context->options->algorithm;

    for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++) {
        if (wanted == NULL || strcmp(wanted, tsig_algorithm_name(offered[i])) == 0) {
            *out = offered[i];
            return STATUS_OK;
        }
    }
    context_say(context,
                "'%s' is no algorithm for a new key; hmac-sha256, hmac-sha384 and "
                "hmac-sha512 are",
                wanted);
    return STATUS_INVALID;
}

/* Waits for the system's randomness, which is there a moment after it has started. */
static enum status draw(struct context *context, struct secret *secret, size_t octets)
{
    size_t drawn = 0;

    while (drawn < octets) {
        ssize_t got = getrandom(secret->octets + drawn, octets - drawn, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            context_say(context, "no random numbers: %s", strerror(errno));
            return STATUS_SYSTEM;
        }
        drawn += (size_t)got;
    }
    secret->length = octets;
    return STATUS_OK;
}

/* As long as the hash (RFC 8945 §8). */
static enum status make(struct context *context, const char *id, struct made *out)
{
    struct name name;

    const char *why = names_domain(id, false, &name);
    if (why != NULL) {
        context_say(context, "'%s' is not the name of a key, which is a domain name: %s", id, why);
        return STATUS_INVALID;
    }
    context_name_text(&name, out->name);
    enum status status = choose_algorithm(context, &out->algorithm);
    if (status == STATUS_OK)
        status = draw(context, &out->secret, tsig_algorithm_octets(out->algorithm));
    return status;
}

static void print(const struct made *made, enum output_format format, FILE *out)
{
    const char *algorithm = tsig_algorithm_name(made->algorithm);
    char secret[SECRET_TEXT_OCTETS];

    secret_to_text(&made->secret, secret);
    switch (format) {
    case FORMAT_KNOT:
        fprintf(out, "key:\n  - id: %s\n    algorithm: %s\n    secret: %s\n", made->name, algorithm,
                secret);
        break;
    case FORMAT_NSD:
        fprintf(out, "key:\n    name: \"%s\"\n    algorithm: %s\n    secret: \"%s\"\n", made->name,
                algorithm, secret);
        break;
    case FORMAT_PLAIN:
        fprintf(out, "%s:%s:%s\n", algorithm, made->name, secret);
        break;
    default:
        fprintf(out, "key \"%s\" {\n\talgorithm %s;\n\tsecret \"%s\";\n};\n", made->name, algorithm,
                secret);
        break;
    }
    explicit_bzero(secret, sizeof secret);
}

static enum status refuse_file(struct context *context, const char *path, int error)
{
    if (error == EEXIST)
        context_say(context,
                    "%s: is there already, and a secret that is in use is not overwritten; "
                    "choose another name",
                    path);
    else
        context_say(context, "%s: %s", path, strerror(error));
    return STATUS_DENIED;
}

/*
 * The server's group, where the configuration names one: contactd reads secrets as its own user.
 * NULL: for the owner alone, which is said where a configuration with errors leaves it open. Looked
 * up before the file is made: without memory nothing is left.
 */
static const struct passwd *find_server(struct context *context, const char *path)
{
    const char *config = context->options->config;

    if (context_read_config(context) == STATUS_OK)
        return context->config->server.user ? getpwnam(context->config->server.user) : NULL;
    if (config != NULL || access(CONFIG_DEFAULT_PATH, F_OK) == 0)
        context_say(context,
                    "warning: %s has errors, so %s is for this account alone: what group "
                    "contactd has is not known",
                    config != NULL ? config : CONFIG_DEFAULT_PATH, path);
    return NULL;
}

/* Opens the file for the group, where this account may give files away. */
static void open_for(const struct passwd *server, int file)
{
    if (server != NULL && fchown(file, (uid_t)-1, server->pw_gid) == 0)
        (void)!fchmod(file, 0640);
}

static enum status write_file(struct context *context, const struct made *made, const char *path)
{
    const struct passwd *server = find_server(context, path);

    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return refuse_file(context, path, errno);
    FILE *out = fdopen(file, "w");
    if (out == NULL) {
        enum status status = refuse_file(context, path, errno);
        unlink(path);
        close(file);
        return status;
    }
    print(made, context->options->format, out);
    errno = 0;
    bool failed = fflush(out) != 0 || fsync(file) != 0;
    int error = errno;
    if (!failed)
        open_for(server, file);
    fclose(out);
    if (!failed)
        return STATUS_OK;
    unlink(path);
    return refuse_file(context, path, error);
}

/* What makes contactd use it. */
static enum status print_section(struct context *context, const struct made *made, const char *path)
{
    char *whole = realpath(path, NULL);

    if (whole == NULL && errno == ENOMEM) {
        unlink(path);
        context_say_memory(context);
        return STATUS_SYSTEM;
    }
    fprintf(context->out, "key:\n  - id: %s\n    algorithm: %s\n    secret-file: %s\n", made->name,
            tsig_algorithm_name(made->algorithm), whole != NULL ? whole : path);
    free(whole);
    enum status status = context_tell(context, "no key is made");
    if (status != STATUS_OK)
        unlink(path);
    return status;
}

int command_key_tsig(struct context *context)
{
    const struct options *options = context->options;
    struct made made = {.algorithm = TSIG_HMAC_SHA256};

    enum status status = make(context, options->operands[0], &made);
    if (status == STATUS_OK && options->out == NULL)
        print(&made, options->format, context->out);
    else if (status == STATUS_OK)
        status = write_file(context, &made, options->out);
    if (status == STATUS_OK && options->out != NULL)
        status = print_section(context, &made, options->out);
    secret_clear(&made.secret);
    return status == STATUS_OK ? OUTCOME_DONE : OUTCOME_REFUSED;
}
