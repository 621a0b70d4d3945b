/*
 * `zonegen key roll`: one step of a roll at a time. Looks first, at the database, the key files and
 * the DNS, without any lock; decides; then changes what the database remembers in one edit, if it
 * still is what the decision was made from.
 */
#include "command/command.h"
#include "command/roll_words.h"
#include "store/edit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

/* ---- writing ---- */

/* Puts a state into the edit, which is gone afterwards. */
static enum status write_in(struct context *context, const struct roll_look *look,
                            const struct signing_state *state, struct edit *edit)
{
    const struct name *apex = &look->zone->domain;
    struct signing_state stored;

    errno = 0;
    enum status status = state_read(edit_snapshot(edit), apex, &stored);
    if (status == STATUS_OK && !state_equals(&stored, &look->state)) {
        context_say(context,
                    "zone %s: its keys were changed meanwhile; look with 'zonegen key roll "
                    "--status %s'",
                    look->name, look->name);
        status = STATUS_DENIED;
    } else if (status == STATUS_OK) {
        status = state_write(edit, apex, state);
    }
    if (status == STATUS_OK)
        return context_commit(context, edit);
    edit_abort(edit);
    if (status != STATUS_DENIED)
        context_say_unchanged(context, "nothing has changed");
    return status;
}

/* Replaces what the database remembers. STATUS_OK, or another status, said. */
static enum status write_state(struct context *context, const struct roll_look *look,
                               const struct signing_state *state)
{
    struct store *store = NULL;
    struct edit *edit = NULL;

    enum status status = context_open_store(context, &store);
    if (status != STATUS_OK)
        return status;
    status = context_begin_edit(context, store, &edit);
    if (status == STATUS_OK)
        status = write_in(context, look, state, edit);
    store_close(store);
    return status;
}

/* ---- beginning ---- */

/* True when the database knows the file's key as anything but a spare. */
static bool is_taken(const struct signing_state *state, const struct keyfile *file)
{
    for (size_t i = 0; i < state->key_count; i++) {
        const struct signing_key *key = &state->keys[i];
        if (key->tag == file->tag && key->algorithm == file->algorithm)
            return key->use != 0 || key->part != KEY_STAYS;
    }
    return false;
}

/* A spare pair with these flags, or a new one. */
static enum status find_key(struct context *context, struct roll_look *look, uint8_t algorithm,
                            uint16_t flags, struct keyfile *out)
{
    const char *folder = look->zone->policy->key_dir;
    const char *kind = (flags & DNSKEY_SEP) != 0 ? "key" : "ZSK";

    for (size_t i = 0; i < look->files.count; i++) {
        const struct keyfile *file = &look->files.items[i];
        if (file->algorithm != algorithm || file->flags != flags || is_taken(&look->state, file))
            continue;
        *out = *file;
        fprintf(context->out, "takes the spare %s %u from %s\n", kind, file->tag, folder);
        return STATUS_OK;
    }
    enum status status =
        keyfile_generate(folder, &look->zone->domain, (enum dnssec_algorithm)algorithm, flags,
                         look->arena, context->diag, out);
    if (status == STATUS_OK)
        fprintf(context->out, "made the new %s %u in %s\n", kind, out->tag, folder);
    else if (status == STATUS_SYSTEM)
        context_say_memory(context);
    else
        context_say_diagnostics(context);
    return status;
}

static enum status find_incoming(struct context *context, struct roll_look *look,
                                 const struct roll_plan *plan, struct signing_key incoming[2])
{
    struct keyfile *files =
        arena_alloc(look->arena, (look->files.count + plan->incoming_count) * sizeof *files);

    if (files == NULL) {
        context_say_memory(context);
        return STATUS_SYSTEM;
    }
    memcpy(files, look->files.items, look->files.count * sizeof *files);
    for (size_t i = 0; i < plan->incoming_count; i++) {
        struct keyfile file;
        enum status status = find_key(context, look, plan->algorithm, plan->flags[i], &file);
        if (status != STATUS_OK)
            return status;
        incoming[i] =
            (struct signing_key){.tag = file.tag, .algorithm = file.algorithm, .flags = file.flags};
        if (EVP_Digest(file.dnskey, file.dnskey_octets, incoming[i].digest, NULL, EVP_sha256(),
                       NULL) != 1)
            return STATUS_SYSTEM;
        files[look->files.count + i] = file;
    }
    look->files.items = files; /* for the DS of new keys; a spare stands there twice */
    look->files.count += plan->incoming_count;
    return STATUS_OK;
}

/* The TTL that a step has to wait for; refused where it is the parent's and not known. */
static enum status find_ttl(struct context *context, const struct roll_look *look,
                            enum roll_wait wait, uint32_t *out)
{
    enum status status = roll_look_ttl(look, wait, out);

    if (status != STATUS_OK)
        context_say(context,
                    "zone %s: the next step is about the DS at the parent, which cannot be looked "
                    "up now%s%s; see 'zonegen key roll --status %s'",
                    look->name, look->seen.trouble != NULL ? ": " : "",
                    look->seen.trouble != NULL ? look->seen.trouble : "", look->name);
    return status;
}

static int begin(struct context *context, struct roll_look *look)
{
    const struct config_policy *policy = look->zone->policy;
    const struct options *options = context->options;
    const struct roll_wish wish = {.algorithm = policy->algorithm,
                                   .keys = policy->keys,
                                   .ksk = options->ksk,
                                   .zsk = options->zsk,
                                   .double_ds = options->double_ds};
    char message[ROLL_MESSAGE_OCTETS] = "";
    struct signing_state state = look->state;
    struct signing_key incoming[2];
    struct roll_plan plan;
    uint32_t ttl;

    if (roll_choose(&state, &wish, &plan, message) != STATUS_OK) {
        context_say(context, "zone %s: %s", look->name, message);
        return OUTCOME_REFUSED;
    }
    if (plan.kind != ROLL_ZSK && policy->cds == DNSSEC_CDS_DELETE) {
        context_say(context,
                    "zone %s: its policy asks the parent to remove the DS ('cds: delete'), and a "
                    "roll would ask it for another; set cds to on or off",
                    look->name);
        return OUTCOME_REFUSED;
    }
    enum roll_wait wait = roll_waits_next(&state, &plan);
    if (wait == ROLL_WAIT_DS && roll_look_ask(context, look) != STATUS_OK)
        return OUTCOME_REFUSED;
    if (find_ttl(context, look, wait, &ttl) != STATUS_OK ||
        find_incoming(context, look, &plan, incoming) != STATUS_OK)
        return OUTCOME_REFUSED;
    if (roll_begin(&state, &plan, incoming, context->now, ttl) != STATUS_OK) {
        context_say(context, "zone %s: it has %d keys, more cannot be remembered", look->name,
                    STATE_MAX_KEYS);
        return OUTCOME_REFUSED;
    }
    if (write_state(context, look, &state) != STATUS_OK)
        return OUTCOME_REFUSED;
    roll_say_step(context, look, &state);
    return OUTCOME_DONE;
}

/* ---- going on ---- */

/* Moves the files of keys that the new state does not have any more. */
static int remove_files(struct context *context, const struct roll_look *look)
{
    int outcome = OUTCOME_DONE;

    for (size_t i = 0; i < look->state.key_count; i++) {
        const struct signing_key *key = &look->state.keys[i];
        const struct keyfile *file = roll_look_file(look, key);
        if (key->part != KEY_OUTGOING || file == NULL)
            continue;
        enum status status = keyfile_remove(file, look->arena, context->diag);
        if (status == STATUS_OK) {
            fprintf(context->out, "    moved to %s/removed: key %u\n", look->zone->policy->key_dir,
                    key->tag);
            continue;
        }
        context_say_diagnostics(context);
        context_say(context, "%s: move it away, or the next roll takes it for a spare", file->path);
        outcome = OUTCOME_REFUSED;
    }
    return outcome;
}

static int say_end(struct context *context, const struct roll_look *look,
                   const struct signing_state *state)
{
    char text[ROLL_KEY_OCTETS];

    fprintf(context->out, "%s: the %s roll is done\n", look->name,
            roll_kind_name(look->state.roll.kind));
    for (size_t i = 0; i < state->key_count; i++) {
        if (state->keys[i].use != 0)
            fprintf(context->out, "    in use: %s\n", roll_key_text(state, &state->keys[i], text));
    }
    return remove_files(context, look);
}

static int advance(struct context *context, struct roll_look *look, struct signing_state *state)
{
    uint32_t ttl;

    if (find_ttl(context, look, roll_waits_next(state, NULL), &ttl) != STATUS_OK)
        return OUTCOME_REFUSED;
    bool has_ended = roll_advance(state, look->at, ttl);
    if (write_state(context, look, state) != STATUS_OK)
        return OUTCOME_REFUSED;
    if (has_ended)
        return say_end(context, look, state);
    roll_say_step(context, look, state);
    return OUTCOME_DONE;
}

static int go_on(struct context *context, struct roll_look *look)
{
    const struct options *options = context->options;
    struct signing_state state = look->state;
    int64_t ready = 0;

    if (options->ksk || options->zsk || options->double_ds) {
        context_say(context,
                    "zone %s: a %s roll is under way; 'zonegen key roll %s' without more goes on",
                    look->name, roll_kind_name(state.roll.kind), look->name);
        return OUTCOME_REFUSED;
    }
    /* The network is not asked about what was not published. */
    if (state.roll.published != 0 && roll_look_ask(context, look) != STATUS_OK)
        return OUTCOME_REFUSED;
    enum roll_verdict verdict = roll_judge(&state, &look->view, look->at, &ready);
    if (verdict == ROLL_READY)
        return advance(context, look, &state);
    if (!state_equals(&state, &look->state) && write_state(context, look, &state) != STATUS_OK)
        return OUTCOME_REFUSED;
    roll_say_refusal(context, look, &state, verdict, ready);
    return OUTCOME_REFUSED;
}

/* ---- abort and status ---- */

static int abort_roll(struct context *context, struct roll_look *look)
{
    char message[ROLL_MESSAGE_OCTETS] = "";
    struct signing_state state = look->state;

    if (state.roll.kind != ROLL_NONE && state.roll.step == 1 &&
        roll_look_ask(context, look) != STATUS_OK)
        return OUTCOME_REFUSED;
    if (roll_abort(&state, &look->view, message) != STATUS_OK) {
        context_say(context, "zone %s: %s", look->name, message);
        return OUTCOME_REFUSED;
    }
    if (write_state(context, look, &state) != STATUS_OK)
        return OUTCOME_REFUSED;
    fprintf(context->out,
            "%s: the roll is taken back; its new keys stay in %s as spares\n"
            "to do:\n    run 'zonegen publish'\n",
            look->name, look->zone->policy->key_dir);
    return OUTCOME_DONE;
}

static int show_status(struct context *context, struct roll_look *look)
{
    if (roll_look_ask(context, look) != STATUS_OK)
        return OUTCOME_REFUSED;
    roll_say_status(context, look);
    return OUTCOME_DONE;
}

static int run(struct context *context, struct roll_look *look)
{
    if (context->options->status)
        return show_status(context, look);
    if (context->options->abort)
        return abort_roll(context, look);
    if (look->state.roll.kind == ROLL_NONE)
        return begin(context, look);
    return go_on(context, look);
}

int command_key_roll(struct context *context)
{
    const struct options *options = context->options;
    const char *operand = options->operand_count > 0 ? options->operands[0] : NULL;
    const struct config_zone *zone;
    struct roll_look look;
    int outcome = OUTCOME_REFUSED;

    if (context_configure(context) != STATUS_OK || !context_clock_is_set(context) ||
        context_zone(context, operand, &zone) != STATUS_OK)
        return outcome;
    if (!zone->dnssec) {
        char name[NAME_TEXT_OCTETS];
        context_say(context, "zone %s is not signed: its 'dnssec' is off",
                    context_name_text(&zone->domain, name));
        return outcome;
    }
    if (roll_look_open(context, zone, &look) == STATUS_OK)
        outcome = run(context, &look);
    roll_look_close(&look);
    return outcome;
}
