/* contactctl log: shows the level of the log, or changes it until the next reload. */
#include "server/control_command.h"

#include <string.h>

static const char *const levels[] = {[LOG_LEVEL_ERROR] = "error",
                                     [LOG_LEVEL_WARNING] = "warning",
                                     [LOG_LEVEL_INFO] = "info",
                                     [LOG_LEVEL_DEBUG] = "debug"};

#define LEVELS (sizeof levels / sizeof *levels)

enum control_outcome control_log(struct control_request *request)
{
    struct log *log = request->state.log;
    const char *configured = levels[request->state.bundle->config->log.level];
    if (request->word_count > 1) {
        size_t level = 0;
        while (level < LEVELS && strcmp(levels[level], request->words[1]) != 0)
            level++;
        if (level == LEVELS)
            return control_refuse(request, "'%s' is no level; choose error, warning, info or debug",
                                  request->words[1]);
        log_set_level(log, (enum log_level)level);
    }
    const char *level = levels[log_level(log)];
    if (!request->json) {
        text_add(request->out, "%s\n", level);
        return CONTROL_DONE;
    }
    text_json_open(request->out, '{');
    text_json_name(request->out, "level");
    text_json_string(request->out, level);
    text_json_name(request->out, "configured");
    text_json_string(request->out, configured);
    text_json_close(request->out, '}');
    text_add(request->out, "\n");
    return CONTROL_DONE;
}
