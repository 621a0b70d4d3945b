#include "command/command.h"
#include "command/contents.h"
#include "command/findings.h"
#include "command/report_signing.h"
#include "conf/json.h"
#include "conf/units.h"

#include <string.h>

static void date_of(const struct finding *finding, char text[16])
{
    text[0] = '\0';
    if (finding->entry != NULL)
        units_date_text(finding->entry->verified_days, text);
}

/* What a section of the text says before its lines. */
static void print_heading(enum issue issue, const struct config_freshness *freshness, size_t count,
                          FILE *out)
{
    switch (issue) {
    case ISSUE_DUE:
        fprintf(out, "due, verified more than %u days ago", freshness->due_days);
        break;
    case ISSUE_STALE:
        fprintf(out, "stale, verified more than %u days ago", freshness->stale_days);
        break;
    case ISSUE_EXPIRED:
        fprintf(out, "expired, verified more than %u days ago", freshness->expired_days);
        break;
    case ISSUE_MISSING:
        fputs("missing, delegated ccTLDs without an entry", out);
        break;
    case ISSUE_NOT_24X7:
        fputs("without 24x7, no security contact answers at all hours", out);
        break;
    case ISSUE_INSIDE_TLD:
        fputs("inside their own TLD, mail to every 24x7 contact depends on it", out);
        break;
    case ISSUE_DS_WRONG:
        fputs("DS wrong, the parent's matches no key of the zone", out);
        break;
    case ISSUE_DS_MISSING:
        fputs("DS missing, the zone is signed and its parent does not say so", out);
        break;
    case ISSUE_DS_UNKNOWN:
        fputs("DS unknown, nobody answers for the parent", out);
        break;
    case ISSUE_SIGNATURES:
        fputs("signatures, those that end before copies of the zone do", out);
        break;
    }
    fprintf(out, ": %zu\n", count);
}

static int label_width(const struct findings *findings)
{
    size_t width = 2;
    for (size_t i = 0; i < findings->count; i++) {
        size_t length = strlen(findings->items[i].label);
        width = length > width ? length : width;
    }
    return (int)width;
}

/* Sections about zones are there when zones are signed. */
static void print_text(const struct findings *findings, const struct contents *contents,
                       bool has_zones, FILE *out)
{
    enum issue end_of_issues = has_zones ? ISSUE_COUNT : ISSUE_DS_WRONG;
    int width = label_width(findings);
    size_t at = 0;

    for (enum issue issue = ISSUE_DUE; issue < end_of_issues; issue++) {
        size_t end = at;
        while (end < findings->count && findings->items[end].issue == issue)
            end++;
        print_heading(issue, &contents->rules.freshness, end - at, out);
        for (; at < end; at++) {
            const struct finding *finding = &findings->items[at];
            char date[16];
            date_of(finding, date);
            fprintf(out, "    %-*s  ", width, finding->label);
            if (finding->entry != NULL)
                fprintf(out, "%s %5ld days  ", date, (long)finding->days);
            fprintf(out, "%s\n", finding->detail);
        }
    }
}

/* A CSV field, in quotes where it must be (RFC 4180 §2). */
static void print_csv_field(const char *text, FILE *out)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

/* Lines end as RFC 4180 §2 has it, and as export does. */
static void print_csv(const struct findings *findings, FILE *out)
{
    fputs("label,issue,verified,days,detail\r\n", out);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        char date[16];
        date_of(finding, date);
        print_csv_field(finding->label, out);
        fprintf(out, ",%s,%s,", finding_issue_name(finding->issue), date);
        if (finding->entry != NULL)
            fprintf(out, "%ld", (long)finding->days);
        fputc(',', out);
        print_csv_field(finding->detail, out);
        fputs("\r\n", out);
    }
}

/* One array, one object per line. Entries hold no controls: contacts_read saw to it. */
static void print_json(const struct findings *findings, FILE *out)
{
    fputc('[', out);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        char date[16];
        date_of(finding, date);
        fprintf(out, "%s\n{\"label\":", i > 0 ? "," : "");
        json_print_text(finding->label, out);
        fprintf(out, ",\"issue\":\"%s\",", finding_issue_name(finding->issue));
        if (finding->entry != NULL)
            fprintf(out, "\"verified\":\"%s\",\"days\":%ld,", date, (long)finding->days);
        else
            fputs("\"verified\":null,\"days\":null,", out);
        fputs("\"detail\":", out);
        json_print_text(finding->detail, out);
        fputc('}', out);
    }
    fputs("\n]\n", out);
}

static int print_report(struct context *context, const struct contents *contents)
{
    struct findings findings;

    if (findings_make(&contents->contacts, &contents->rules, contents->arena, &findings) !=
        STATUS_OK) {
        context_say_memory(context);
        return OUTCOME_REFUSED;
    }
    /* Without the zones the report is printed all the same, but does not count as a whole one. */
    int outcome = OUTCOME_DONE;
    if (report_signing_add(context, contents->arena, &findings) != STATUS_OK)
        outcome = OUTCOME_REFUSED;
    progress_clear(&context->progress);
    if (context->options->format == FORMAT_CSV)
        print_csv(&findings, context->out);
    else if (context->options->format == FORMAT_JSON)
        print_json(&findings, context->out);
    else
        print_text(&findings, contents, report_signing_matters(context->config), context->out);
    return outcome;
}

/* A report without the files that are wrong is printed, but does not count as a whole one. */
static int say_errors(struct context *context, int outcome)
{
    size_t errors = diag_count(context->diag, SEVERITY_ERROR);
    if (errors == 0)
        return outcome;
    context_say(context, "%zu error%s in contacts files, which are not in the report; see %s",
                errors, errors == 1 ? "" : "s", "'zonegen check'");
    return OUTCOME_REFUSED;
}

int command_report(struct context *context)
{
    struct contents contents = {.build_count = 0};
    int outcome = OUTCOME_REFUSED;

    if (context_configure(context) != STATUS_OK)
        return outcome;
    enum status status = contents_read_configured(context, &contents);
    if (status == STATUS_OK)
        outcome = say_errors(context, print_report(context, &contents));
    else if (status == STATUS_INVALID)
        context_say_diagnostics(context);
    else
        context_say_memory(context);
    contents_close(&contents);
    return outcome;
}
