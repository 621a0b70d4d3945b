#include "command/command.h"
#include "command/contents.h"

static enum diag_format diagnostics_format(enum output_format format)
{
    if (format == FORMAT_JSON)
        return DIAG_JSON;
    return format == FORMAT_GITHUB ? DIAG_GITHUB : DIAG_GNU;
}

/* A configuration or a path that cannot be read: for machines as a diagnostic like any other. */
static int refuse(struct context *context)
{
    enum output_format format = context->options->format;

    if (format == FORMAT_GNU) {
        context_say_diagnostics(context);
        return OUTCOME_REFUSED;
    }
    progress_clear(&context->progress);
    diag_sort(context->diag);
    diag_print(context->diag, diagnostics_format(format), context->out);
    context_say(context, "nothing could be checked");
    return OUTCOME_REFUSED;
}

/* The configuration, where one is named or needed. */
static enum status configure(struct context *context)
{
    const struct options *options = context->options;

    if (options->operand_count > 0 && options->config == NULL)
        return STATUS_OK;
    enum status status = context_read_config(context);
    if (status != STATUS_OK)
        return status;
    if (options->operand_count == 0 && context->config->contacts == NULL) {
        const struct place place = {.file = context->config->path};
        diag_error(context->diag, place, "contacts",
                   "'contacts' is not set; name the files to check, or set it");
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static int print_result(struct context *context, const struct contents *contents)
{
    enum output_format format = context->options->format;
    FILE *summary = format == FORMAT_GNU ? context->out : context->err;

    progress_clear(&context->progress);
    diag_sort(context->diag);
    diag_print(context->diag, diagnostics_format(format), context->out);
    contents_print_summary(contents, context->diag, "nothing published", summary);
    return diag_count(context->diag, SEVERITY_ERROR) == 0 ? OUTCOME_DONE : OUTCOME_REFUSED;
}

static int check(struct context *context, struct contents *contents)
{
    const struct options *options = context->options;
    const char *const *paths = options->operands;
    size_t count = options->operand_count;

    if (count == 0) {
        paths = &context->config->contacts;
        count = 1;
    }
    enum status status = contents_read(context, paths, count, contents);
    if (status == STATUS_INVALID && contents->contacts.file_count == 0)
        return refuse(context);
    if (status == STATUS_OK)
        status = contents_build(context, contents);
    if (status == STATUS_SYSTEM) {
        context_say_memory(context);
        return OUTCOME_REFUSED;
    }
    return print_result(context, contents);
}

int command_check(struct context *context)
{
    struct contents contents = {.build_count = 0};

    enum status status = configure(context);
    if (status == STATUS_SYSTEM) {
        context_say_memory(context);
        return OUTCOME_REFUSED;
    }
    if (status != STATUS_OK)
        return refuse(context);
    int outcome = check(context, &contents);
    contents_close(&contents);
    return outcome;
}
