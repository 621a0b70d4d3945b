/* contactctl reload: as SIGHUP, answered when every worker has taken the new configuration, or with
 * all that is wrong with it. */
#include "server/control_command.h"

#include <stdlib.h>

enum control_outcome control_reload(struct control_request *request)
{
    uint64_t *number = malloc(sizeof *number);
    if (!number)
        return control_refuse(request, "out of memory");
    request->work = number;
    *number = request->hooks->reload(request->hooks->context);
    if (*number == 0)
        return control_refuse(request, "contactd is stopping");
    return CONTROL_WAITS;
}

static void describe(struct control_request *request, const struct reload_outcome *reload)
{
    char when[MOMENT_TEXT_OCTETS];
    const char *path = request->state.bundle->config->path;
    if (!request->json) {
        if (!reload->refused)
            text_add(request->out, "%s is loaded\n", path);
        return;
    }
    text_json_open(request->out, '{');
    text_json_name(request->out, "configuration");
    text_json_string(request->out, path);
    text_json_name(request->out, "loaded");
    text_json_boolean(request->out, !reload->refused);
    text_json_name(request->out, "at");
    text_json_string(request->out, control_moment(request, reload->when_ms, when));
    control_json_lines(request, "diagnostics", &reload->heard);
    text_json_close(request->out, '}');
    text_add(request->out, "\n");
}

enum control_outcome control_reload_again(struct control_request *request)
{
    const uint64_t *number = request->work;
    const struct reload_outcome *reload = request->state.reload;
    if (reload->number < *number)
        return CONTROL_WAITS;
    describe(request, reload);
    if (reload->heard.octets)
        text_add(request->error, "%s", reload->heard.octets);
    if (!reload->refused)
        return CONTROL_DONE;
    return control_refuse(request, "%s is refused; the configuration stays as it was",
                          request->state.bundle->config->path);
}
