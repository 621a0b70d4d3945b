#include "server/arguments.h"

#include "conf/config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is(const char *word, const char *short_form, const char *long_form)
{
    return (short_form && strcmp(word, short_form) == 0) || strcmp(word, long_form) == 0;
}

static void set_task(struct arguments *arguments, enum arguments_task task)
{
    if (task > arguments->task)
        arguments->task = task;
}

/* Takes -c FILE, -cFILE, --config FILE or --config=FILE at `*at`; false when it is none of them. */
static bool take_config(int count, char *const *words, int *at, struct arguments *out)
{
    static const char joined[] = "--config=";
    const char *word = words[*at];
    if (is(word, "-c", "--config")) {
        out->config_path = *at + 1 < count ? words[++*at] : NULL;
        return true;
    }
    if (strncmp(word, joined, sizeof joined - 1) == 0)
        out->config_path = word + sizeof joined - 1;
    else if (strncmp(word, "-c", 2) == 0)
        out->config_path = word + 2;
    else
        return false;
    return true;
}

/* Not getopt(3): it keeps its place in globals and prints by itself. */
enum status arguments_parse(int count, char *const *words, struct arguments *out,
                            char message[ARGUMENTS_MESSAGE_OCTETS])
{
    *out = (struct arguments){TASK_SERVE, CONFIG_DEFAULT_PATH};
    for (int i = 1; i < count; i++) {
        if (is(words[i], "-h", "--help")) {
            set_task(out, TASK_HELP);
        } else if (is(words[i], "-V", "--version")) {
            set_task(out, TASK_VERSION);
        } else if (is(words[i], NULL, "--check")) {
            set_task(out, TASK_CHECK);
        } else if (!take_config(count, words, &i, out)) {
            snprintf(message, ARGUMENTS_MESSAGE_OCTETS, "unknown %s '%.100s'",
                     words[i][0] == '-' ? "option" : "argument", words[i]);
            return STATUS_INVALID;
        }
        if (!out->config_path || out->config_path[0] == '\0') {
            snprintf(message, ARGUMENTS_MESSAGE_OCTETS, "-c needs the name of a file");
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}
