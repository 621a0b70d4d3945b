#include "command/contents.h"

#include "command/now.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What check measures records with when it knows no zone; as long as a usual one. */
#define SAMPLE_ZONE       "cc.example"
#define SAMPLE_SERVER     "ns1.example"
#define SAMPLE_HOSTMASTER "hostmaster.cc.example"

#define EASTMOST_SECONDS (14 * 3600) /* ahead of UTC: Kiritimati, where every day begins first */

/* contactd.conf(5): the defaults of `freshness` and of a zone. */
static const struct config_freshness default_freshness = {150, 180, 400};

/* One file more. */
static void see(void *state, const char *path, const struct file_content *content)
{
    struct contents *contents = state;
    const struct contacts_witness *account = &contents->accounts.witness;

    progress_step(contents->progress);
    if (account->see != NULL)
        account->see(account->state, path, content);
}

enum status contents_open(struct context *context, struct contents *out)
{
    const struct config *config = context->config;

    memset(out, 0, sizeof *out);
    out->arena = arena_create();
    if (out->arena == NULL)
        return STATUS_SYSTEM;
    out->rules.freshness = config != NULL ? config->freshness : default_freshness;
    out->rules.today = now_days(context->now);
    out->rules.last_day = now_days(context->now + EASTMOST_SECONDS);
    out->progress = &context->progress;
    progress_begin_units(&context->progress, "reading contacts", "files");
    return delegated_read(config, out->arena, context->diag, &out->rules.delegated);
}

enum status contents_read(struct context *context, const char *const *paths, size_t path_count,
                          struct contents *out)
{
    enum status status = contents_open(context, out);
    if (status != STATUS_OK)
        return status;
    out->witness = (struct contacts_witness){out, see};
    out->rules.witness = &out->witness;
    return contacts_read(paths, path_count, &out->rules, out->arena, context->diag, &out->contacts);
}

enum status contents_take(struct context *context, const char *const *paths, size_t path_count,
                          struct contents *contents)
{
    accounts_open(contents->arena, &contents->accounts);
    contents->witness = (struct contacts_witness){contents, see};
    contents->rules.witness = &contents->witness;
    contents->without_notes = true;
    enum status status = contacts_read(paths, path_count, &contents->rules, contents->arena,
                                       context->diag, &contents->contacts);
    if (status != STATUS_OK)
        return status;
    return accounts_complete(&contents->accounts, &contents->contacts, contents->rules.today,
                             &contents->sources);
}

static enum status make_sample(struct contents *contents)
{
    struct config_nameserver *server = arena_alloc(contents->arena, sizeof *server);
    struct config_zone *zone = &contents->sample;

    if (server == NULL)
        return STATUS_SYSTEM;
    *zone = (struct config_zone){
        .audience = AUDIENCE_PUBLIC,
        .nameserver_count = 1,
        .nameservers = server,
        .ttl = 4 * 3600,
        .negative_ttl = 5 * 60,
        .refresh = 3600,
        .retry = 15 * 60,
        .expire = 4 * 7 * 86400,
        .zonemd = true,
    };
    if (name_from_text(&zone->domain, SAMPLE_ZONE, strlen(SAMPLE_ZONE)) != STATUS_OK ||
        name_from_text(&server->name, SAMPLE_SERVER, strlen(SAMPLE_SERVER)) != STATUS_OK ||
        name_from_text(&zone->hostmaster, SAMPLE_HOSTMASTER, strlen(SAMPLE_HOSTMASTER)) !=
            STATUS_OK)
        return STATUS_SYSTEM;
    return STATUS_OK;
}

static enum status open_build(const struct contents *contents, const struct config *config,
                              const struct config_zone *zone, struct zone_build *out)
{
    out->zone = zone;
    out->rules = (struct build_rules){
        .zone = zone,
        .contacts = &contents->contacts,
        .delegated = &contents->rules.delegated,
        .freshness = contents->rules.freshness,
        .today = contents->rules.today,
    };
    out->arena = arena_create();
    out->diag = diag_create();
    if (out->arena == NULL || out->diag == NULL)
        return STATUS_SYSTEM;
    if (contents->without_notes)
        diag_keep(out->diag, SEVERITY_WARNING);
    assert(!zone->catalog || config != NULL);
    if (zone->catalog)
        return catalog_open(zone, config->zones, config->zone_count, out->arena, &out->catalog);
    enum status status = build_open(&out->rules, out->arena, out->diag, &out->build);
    if (status != STATUS_OK)
        out->build = NULL;
    return status == STATUS_INVALID ? STATUS_OK : status;
}

/* A diagnostic, and how long the name of the zone is that it is about. */
struct ranked {
    const struct diagnostic *diagnostic;
    size_t zone; /* breaks ties of length */
    size_t length;
};

/* Zero for the same place, severity and rule. */
static int compare_subjects(const struct ranked *a, const struct ranked *b)
{
    const struct diagnostic *left = a->diagnostic;
    const struct diagnostic *right = b->diagnostic;
    int order = strcmp(left->place.file != NULL ? left->place.file : "",
                       right->place.file != NULL ? right->place.file : "");
    if (order == 0 && left->place.line != right->place.line)
        order = left->place.line < right->place.line ? -1 : 1;
    if (order == 0 && left->place.column != right->place.column)
        order = left->place.column < right->place.column ? -1 : 1;
    if (order == 0)
        order = (int)left->severity - (int)right->severity;
    if (order == 0)
        order =
            strcmp(left->rule != NULL ? left->rule : "", right->rule != NULL ? right->rule : "");
    return order;
}

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left;
    const struct ranked *b = right;
    int order = compare_subjects(a, b);
    if (order == 0 && a->length != b->length)
        order = a->length > b->length ? -1 : 1;
    return order != 0 ? order : (a->zone > b->zone) - (a->zone < b->zone);
}

/* Passes on what the zones have to say, each subject from one zone. */
static enum status merge_diagnostics(const struct contents *contents, struct diag *diag)
{
    size_t total = 0;
    size_t count = 0;
    for (size_t i = 0; i < contents->build_count; i++)
        total += diag_total(contents->builds[i].diag);
    struct ranked *all = calloc(total + 1, sizeof *all);
    if (all == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < contents->build_count; i++) {
        const struct zone_build *build = &contents->builds[i];
        for (size_t n = 0; n < diag_total(build->diag); n++)
            all[count++] = (struct ranked){diag_at(build->diag, n), i, build->zone->domain.length};
    }
    qsort(all, count, sizeof *all, compare_ranked);
    for (size_t i = 0, first = 0; i < count; i++) {
        const struct diagnostic *item = all[i].diagnostic;
        if (compare_subjects(&all[first], &all[i]) != 0)
            first = i;
        if (all[i].zone == all[first].zone)
            diag_add(diag, item->severity, item->place, item->rule, "%s", item->message);
    }
    free(all);
    return STATUS_OK;
}

static enum status open_builds(const struct config *config, struct contents *contents)
{
    bool has_zones = config != NULL && config->zone_count > 0;
    size_t count = has_zones ? config->zone_count : 1;

    contents->builds = arena_alloc(contents->arena, count * sizeof *contents->builds);
    if (contents->builds == NULL || (!has_zones && make_sample(contents) != STATUS_OK))
        return STATUS_SYSTEM;
    for (size_t i = 0; i < count; i++) {
        const struct config_zone *zone = has_zones ? &config->zones[i] : &contents->sample;
        contents->build_count = i + 1;
        enum status status = open_build(contents, config, zone, &contents->builds[i]);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status contents_build(struct context *context, struct contents *contents)
{
    progress_begin(&context->progress, "building records");
    enum status status = open_builds(context->config, contents);
    if (status == STATUS_OK)
        status = merge_diagnostics(contents, context->diag);
    for (size_t i = 0; i < contents->build_count; i++) {
        diag_destroy(contents->builds[i].diag);
        contents->builds[i].diag = NULL;
    }
    return status;
}

/* False, with a diagnostic, where no contacts are configured. */
static bool has_contacts(struct context *context)
{
    const struct config *config = context->config;
    const struct place place = {.file = config->path};

    if (config->contacts != NULL)
        return true;
    diag_error(context->diag, place, "contacts", "'contacts' is not set; %s needs it",
               options_command_name(context->options->command));
    return false;
}

enum status contents_read_configured(struct context *context, struct contents *out)
{
    memset(out, 0, sizeof *out);
    if (!has_contacts(context))
        return STATUS_INVALID;
    return contents_read(context, &context->config->contacts, 1, out);
}

void contents_print_problems(struct context *context)
{
    struct diag *problems = diag_create();

    diag_sort(context->diag);
    progress_clear(&context->progress);
    for (size_t i = 0; problems != NULL && i < diag_total(context->diag); i++) {
        const struct diagnostic *item = diag_at(context->diag, i);
        if (item->severity != SEVERITY_NOTE)
            diag_add(problems, item->severity, item->place, item->rule, "%s", item->message);
    }
    if (problems != NULL)
        diag_print(problems, DIAG_GNU, context->err);
    diag_destroy(problems);
}

enum status contents_prepare(struct context *context, const char *otherwise, struct contents *out)
{
    memset(out, 0, sizeof *out);
    enum status status = has_contacts(context) ? contents_open(context, out) : STATUS_INVALID;
    if (status == STATUS_OK)
        status = contents_take(context, &context->config->contacts, 1, out);
    if (status == STATUS_INVALID && out->contacts.file_count == 0) {
        context_say_diagnostics(context);
        return status;
    }
    if (status == STATUS_OK)
        status = contents_build(context, out);
    if (status == STATUS_SYSTEM) {
        context_say_memory(context);
        return status;
    }
    contents_print_problems(context);
    if (status == STATUS_OK && diag_count(context->diag, SEVERITY_ERROR) == 0)
        return STATUS_OK;
    contents_print_summary(out, context->diag, otherwise, context->err);
    return STATUS_INVALID;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

void contents_print_summary(const struct contents *contents, const struct diag *diag,
                            const char *otherwise, FILE *out)
{
    size_t files = contents->contacts.file_count;
    size_t contacts = contents->contacts.contact_count;
    size_t errors = diag_count(diag, SEVERITY_ERROR);
    size_t warnings = diag_count(diag, SEVERITY_WARNING);

    fprintf(out, "%zu file%s, %zu contact%s: %zu error%s, %zu warning%s", files, plural(files),
            contacts, plural(contacts), errors, plural(errors), warnings, plural(warnings));
    if (errors > 0)
        fprintf(out, "; %s", otherwise);
    fputc('\n', out);
}

void contents_close(struct contents *contents)
{
    for (size_t i = 0; i < contents->build_count; i++) {
        build_close(contents->builds[i].build);
        arena_destroy(contents->builds[i].arena);
    }
    accounts_close(&contents->accounts);
    arena_destroy(contents->arena);
}
