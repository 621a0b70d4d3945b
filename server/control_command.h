/*
 * The commands of contactctl as the server carries them out: each reads the state of the server, or
 * asks for something, and writes an answer for people or as JSON. None waits: what takes time is
 * looked at again until it is done.
 *
 * A request is one line of at most CONTROL_REQUEST_OCTETS, words with one blank between them:
 *
 *     1 text|json COMMAND [ARGUMENT …]
 *
 * and the answer is a line, followed by two texts of as many octets as it says:
 *
 *     done|refused OUT-OCTETS ERROR-OCTETS
 *
 * the first for standard output, the second for standard error. 1 is the number of this protocol.
 */
#ifndef SERVER_CONTROL_COMMAND_H
#define SERVER_CONTROL_COMMAND_H

#include "server/state.h"
#include "server/text.h"

#define CONTROL_REQUEST_OCTETS 512 /* with its line feed */
#define CONTROL_PROTOCOL       "1"
#define CONTROL_WORDS          3 /* a command and its arguments */

/* What the commands may ask of the server. */
struct control_hooks {
    void *context;
    void (*look)(void *context, struct state *out);
    /* Reads the configuration again, soon: the number that the outcome will have at least, or 0
     * when the server stops. */
    uint64_t (*reload)(void *context);
};

enum control_outcome {
    CONTROL_DONE,
    CONTROL_REFUSED,
    CONTROL_WAITS, /* look again */
};

struct control_request {
    const struct control_hooks *hooks;
    struct state state; /* as of this call */
    bool json;
    size_t word_count;
    const char *words[CONTROL_WORDS]; /* the command first */
    struct text *out;
    struct text *error;
    void *work;       /* of a command that waits: from malloc, freed for it */
    int64_t since_ms; /* ticks: when it was asked for */
};

/* Carries out a request that has not begun; CONTROL_REFUSED for an unknown command or arguments too
 * many. */
enum control_outcome control_command_begin(struct control_request *request);

/* Looks again at one that waits. */
enum control_outcome control_command_again(struct control_request *request);

/* True when it changes something: that is logged, with who has asked. */
bool control_command_changes(const struct control_request *request);

/* The commands; each in its own file. */
enum control_outcome control_status(struct control_request *request);
enum control_outcome control_stats(struct control_request *request);
enum control_outcome control_secondaries(struct control_request *request);
enum control_outcome control_notify(struct control_request *request);
enum control_outcome control_notify_again(struct control_request *request);
enum control_outcome control_reload(struct control_request *request);
enum control_outcome control_reload_again(struct control_request *request);
enum control_outcome control_log(struct control_request *request);

/* What they share. */

/* Adds a line, after "contactctl: ", to the error text; CONTROL_REFUSED. */
enum control_outcome control_refuse(struct control_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The zone that word `n` names, as a configuration has it (conf/names.h).
 *
 *   out   NULL where there is no such word: all zones are meant
 *
 * True, or false after control_refuse: no such zone is configured.
 */
bool control_zone(struct control_request *request, size_t n, const struct notify_zone **out);

/* JSON: `"name":` and a moment by its ticks, as text, or null for 0. */
void control_json_moment(struct control_request *request, const char *name, int64_t ticks_ms);

/* The text of a moment by its ticks. Returns `text`. */
const char *control_moment(const struct control_request *request, int64_t ticks_ms,
                           char text[MOMENT_TEXT_OCTETS]);

/* The lines of a text as a JSON list of strings. */
void control_json_lines(struct control_request *request, const char *name,
                        const struct text *lines);

#endif
