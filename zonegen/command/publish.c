#include "command/command.h"
#include "command/contents.h"
#include "command/update.h"

/* "cc.example 1763817000", for every configured zone. */
static void print_serials(struct context *context, const struct update *update)
{
    char name[NAME_TEXT_OCTETS];

    for (size_t i = 0; i < update->count; i++) {
        const struct zone_update *zone = &update->zones[i];
        if (zone->zone != NULL)
            fprintf(context->out, "%s %lu\n", context_name_text(&zone->apex, name),
                    (unsigned long)zone->result.serial);
    }
}

/* Brings everything into one edit and commits it; the edit is gone afterwards either way. */
static int apply(struct context *context, struct contents *contents,
                 const struct fingerprint *fingerprint, struct edit *edit)
{
    char message[STORE_MESSAGE_OCTETS] = "";
    struct update update;
    int outcome = OUTCOME_REFUSED;

    enum status status = update_apply(context, contents, fingerprint, edit, NULL, &update);
    if (status != STATUS_OK) {
        edit_abort(edit);
    } else if (!context->options->force &&
               update_say_mass_deletions(context, &update, "nothing published without --force")) {
        edit_abort(edit);
    } else if (edit_commit(edit, message) != STATUS_OK) {
        context_say_commit(context, message);
    } else {
        update_say_left_alone(context, &update);
        print_serials(context, &update);
        outcome = OUTCOME_DONE;
    }
    update_close(&update);
    return outcome;
}

static int publish(struct context *context, struct contents *contents,
                   const struct fingerprint *fingerprint)
{
    char message[STORE_MESSAGE_OCTETS] = "";
    struct store *store = NULL;
    struct edit *edit = NULL;
    int outcome = OUTCOME_REFUSED;

    if (context_open_store(context, &store) != STATUS_OK)
        return outcome;
    if (edit_begin(store, &edit, message) == STATUS_OK)
        outcome = apply(context, contents, fingerprint, edit);
    else
        context_say(context, "%s", message);
    store_close(store);
    return outcome;
}

int command_publish(struct context *context)
{
    struct contents contents = {.build_count = 0};
    struct fingerprint fingerprint;
    int outcome = OUTCOME_REFUSED;

    if (context_configure(context) != STATUS_OK || !context_clock_is_set(context))
        return outcome;
    if (contents_prepare(context, &fingerprint, "nothing published", &contents) == STATUS_OK)
        outcome = publish(context, &contents, &fingerprint);
    contents_close(&contents);
    return outcome;
}
