#include "server/control_command.h"

#include "conf/names.h"
#include "server/zone_text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    size_t most; /* arguments */
    enum control_outcome (*begin)(struct control_request *request);
    enum control_outcome (*again)(struct control_request *request);
};

static const struct command commands[] = {
    {"status", 0, control_status, NULL},
    {"stats", 0, control_stats, NULL},
    {"reload", 0, control_reload, control_reload_again},
    {"secondaries", 1, control_secondaries, NULL},
    {"notify", 2, control_notify, control_notify_again},
    {"log", 1, control_log, NULL},
};

static const struct command *find(const struct control_request *request)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, request->words[0]) == 0)
            return &commands[i];
    }
    return NULL;
}

enum control_outcome control_command_begin(struct control_request *request)
{
    const struct command *command = find(request);
    if (!command)
        return control_refuse(request,
                              "this contactd (" CONTACTD_VERSION ") does not know the command '%s'",
                              request->words[0]);
    if (request->word_count - 1 > command->most)
        return control_refuse(request, "'%s' is one too many for %s",
                              request->words[command->most + 1], command->name);
    return command->begin(request);
}

enum control_outcome control_command_again(struct control_request *request)
{
    const struct command *command = find(request);

    assert(command); /* it has begun */
    return command->again(request);
}

bool control_command_changes(const struct control_request *request)
{
    const char *name = request->words[0];
    return strcmp(name, "reload") == 0 || strcmp(name, "notify") == 0 ||
           (strcmp(name, "log") == 0 && request->word_count > 1);
}

enum control_outcome control_refuse(struct control_request *request, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    text_add(request->error, "contactctl: %s\n", message);
    return CONTROL_REFUSED;
}

bool control_zone(struct control_request *request, size_t n, const struct notify_zone **out)
{
    struct name name;
    *out = NULL;
    if (n >= request->word_count)
        return true;
    const char *word = request->words[n];
    if (names_domain(word, false, &name) == NULL)
        *out = notify_targets_zone(notify_targets(request->state.notify), &name, 0);
    if (!*out)
        control_refuse(request, "there is no zone '%s' in %s", word,
                       request->state.bundle->config->path);
    return *out != NULL;
}

const char *control_moment(const struct control_request *request, int64_t ticks_ms,
                           char text[MOMENT_TEXT_OCTETS])
{
    return moment_text(clocks_wall_ms(&request->state.now, ticks_ms), text);
}

void control_json_moment(struct control_request *request, const char *name, int64_t ticks_ms)
{
    char text[MOMENT_TEXT_OCTETS];
    text_json_name(request->out, name);
    text_json_string(request->out, ticks_ms == 0 ? NULL : control_moment(request, ticks_ms, text));
}

void control_json_lines(struct control_request *request, const char *name, const struct text *lines)
{
    const char *at = lines->octets ? lines->octets : "";
    text_json_name(request->out, name);
    text_json_open(request->out, '[');
    while (*at != '\0') {
        char line[2048];
        size_t length = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, at);
        text_json_string(request->out, line);
        at += length + (at[length] == '\n');
    }
    text_json_close(request->out, ']');
}
