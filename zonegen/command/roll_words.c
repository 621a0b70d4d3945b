#include "command/roll_words.h"

#include "command/now.h"
#include "sign/keyset.h"

#include <string.h>
#include <sys/stat.h>

#define DURATION_OCTETS 48
#define SECONDS_OF_DAY  86400

/* "3 h 59 min", rounded up: who comes back then is not too early. */
static const char *duration_text(int64_t seconds, char text[DURATION_OCTETS])
{
    int64_t minutes = (seconds + 59) / 60;

    if (seconds < 60)
        snprintf(text, DURATION_OCTETS, "%ld s", (long)seconds);
    else if (seconds < SECONDS_OF_DAY)
        snprintf(text, DURATION_OCTETS, "%ld h %ld min", (long)(minutes / 60),
                 (long)(minutes % 60));
    else
        snprintf(text, DURATION_OCTETS, "%ld d %ld h", (long)(seconds / SECONDS_OF_DAY),
                 (long)((seconds % SECONDS_OF_DAY + 3599) / 3600));
    return text;
}

const char *roll_key_text(const struct signing_state *state, const struct signing_key *key,
                          char text[ROLL_KEY_OCTETS])
{
    bool has_zsk = false;
    for (size_t i = 0; i < state->key_count; i++) {
        const struct signing_key *other = &state->keys[i];
        bool is_beside = other->part == key->part || key->part == KEY_STAYS;
        has_zsk = has_zsk || (is_beside && (other->flags & DNSKEY_SEP) == 0);
    }
    const char *role = (key->flags & DNSKEY_SEP) == 0            ? "ZSK"
                       : state->roll.kind == ROLL_KSK || has_zsk ? "KSK"
                                                                 : "CSK";
    snprintf(text, ROLL_KEY_OCTETS, "%s %u (%s)", role, key->tag,
             keyfile_algorithm_name(key->algorithm));
    return text;
}

/* What a key does, as people say it: "published, signs keys and data, wants a DS". */
static void print_use(unsigned use, FILE *out)
{
    static const struct {
        unsigned use;
        const char *text;
    } words[] = {
        {KEY_PUBLISHED, "published"},
        {KEY_SIGNS_KEYS, "signs keys"},
        {KEY_SIGNS_DATA, "signs data"},
        {KEY_WANTS_DS, "wants a DS"},
    };
    const char *comma = "";

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((use & words[i].use) == 0)
            continue;
        fprintf(out, "%s%s", comma, words[i].text);
        comma = ", ";
    }
    if (*comma == '\0')
        fputs("not in use", out);
}

static void print_keys(const struct roll_look *look, const struct signing_state *state, FILE *out)
{
    static const char *const parts[] = {"key", "old key", "new key"};

    for (size_t i = 0; i < state->key_count; i++) {
        const struct signing_key *key = &state->keys[i];
        const struct keyfile *file = roll_look_file(look, key);
        char text[ROLL_KEY_OCTETS];
        char when[NOW_TEXT_OCTETS];
        struct stat info;
        fprintf(out, "    %s: %s, ", parts[key->part % 3], roll_key_text(state, key, text));
        print_use(key->use, out);
        if (file == NULL)
            fputs("; its files are missing", out);
        else if (stat(file->path, &info) == 0)
            fprintf(out, "; made %s", now_text(info.st_mtime, when));
        fputc('\n', out);
    }
}

/* The DS RRset that the parent should have, as it would be in its zone. */
static void print_wanted_ds(const struct roll_look *look, const struct signing_state *state,
                            FILE *out)
{
    for (size_t i = 0; i < state->key_count; i++) {
        const struct signing_key *key = &state->keys[i];
        const struct keyfile *file = roll_look_file(look, key);
        struct rdata ds;
        if ((key->use & KEY_WANTS_DS) == 0 || file == NULL ||
            keyset_ds(file, &look->zone->domain, DS_SHA256, look->arena, &ds) != STATUS_OK)
            continue;
        fprintf(out, "        %s. IN DS %u %u %d ", look->name, key->tag, key->algorithm,
                DS_SHA256);
        for (size_t n = 4; n < ds.length; n++)
            fprintf(out, "%02x", ds.octets[n]);
        fputc('\n', out);
    }
}

static void print_where(const struct roll_look *look, const struct signing_state *state, FILE *out)
{
    const struct roll *roll = &state->roll;
    const struct roll_step *step = roll_step_of(state);
    size_t count;

    if (step == NULL) {
        fprintf(out, "%s: a roll that this version does not know\n", look->name);
        return;
    }
    roll_steps(roll->kind, roll->method, &count);
    fprintf(out, "%s: %s roll, %s: step %u of %zu\n    %s\n", look->name,
            roll_kind_name(roll->kind), roll_method_name(roll->kind, roll->method), roll->step,
            count, step->meaning);
}

void roll_say_step(struct context *context, const struct roll_look *look,
                   const struct signing_state *state)
{
    const struct roll_step *step = roll_step_of(state);
    FILE *out = context->out;

    print_where(look, state, out);
    print_keys(look, state, out);
    fputs("to do:\n    run 'zonegen publish'\n", out);
    if (step->at_parent) {
        fputs("    see to it that the parent has just this, if it does not follow CDS by itself:\n",
              out);
        print_wanted_ds(look, state, out);
    }
    fprintf(out, "    then run 'zonegen key roll %s' again\n", look->name);
}

/* Prints what is known of each server; with `wrong` only those that are not as they should be. */
static void print_servers(const struct roll_look *look, const struct signing_state *state,
                          bool wrong, FILE *out)
{
    char lacks[ROLL_LACK_OCTETS];

    for (size_t i = 0; i < look->view.server_count; i++) {
        const struct roll_server *server = &look->view.servers[i];
        bool is_right = roll_server_is_right(state, server);
        if (is_right && wrong)
            continue;
        roll_server_lacks(state, server, lacks);
        fprintf(out, "    %s: ", server->text);
        if (server->trouble == NULL)
            fprintf(out, "serial %lu, ", (unsigned long)server->serial);
        fprintf(out, "%s\n", is_right ? "as it should be" : lacks);
    }
}

static void print_parents(const struct roll_look *look, const struct signing_state *state,
                          bool wrong, FILE *out)
{
    char lacks[ROLL_LACK_OCTETS];

    for (size_t i = 0; i < look->view.parent_count; i++) {
        const struct roll_parent *parent = &look->view.parents[i];
        bool is_right = roll_parent_is_right(state, parent);
        if (is_right && wrong)
            continue;
        roll_parent_lacks(state, parent, lacks);
        fprintf(out, "    parent, %s: ", parent->text);
        if (is_right)
            fputs(parent->any ? "DS as it should be\n" : "no DS\n", out);
        else
            fprintf(out, "%s\n", lacks);
    }
}

static void say_unseen(struct context *context, const struct roll_look *look,
                       const struct signing_state *state)
{
    const struct roll_step *step = roll_step_of(state);

    context_say(context, "zone %s: step %u is not to be seen everywhere yet:", look->name,
                state->roll.step);
    if (look->seen.trouble != NULL)
        fprintf(context->err, "    %s\n", look->seen.trouble);
    print_servers(look, state, true, context->err);
    if (look->view.server_count == 0)
        fputs("    no name server could be asked\n", context->err);
    if (!step->at_parent)
        return;
    print_parents(look, state, true, context->err);
    fputs("    the parent should have just this:\n", context->err);
    print_wanted_ds(look, state, context->err);
}

void roll_say_refusal(struct context *context, const struct roll_look *look,
                      const struct signing_state *state, enum roll_verdict verdict, int64_t ready)
{
    char seen[NOW_TEXT_OCTETS];
    char until[NOW_TEXT_OCTETS];
    char left[DURATION_OCTETS];

    if (verdict == ROLL_UNPUBLISHED)
        context_say(context, "zone %s: step %u is not published yet; run 'zonegen publish'",
                    look->name, state->roll.step);
    else if (verdict == ROLL_UNSEEN)
        say_unseen(context, look, state);
    else
        context_say(context,
                    "zone %s: step %u was everywhere at %s; caches may hold what was before until "
                    "%s; come back then, in %s",
                    look->name, state->roll.step, now_text(state->roll.seen, seen),
                    now_text(ready, until), duration_text(ready - look->at, left));
}

/* What holds a roll up, or not. */
static void print_outlook(const struct roll_look *look, FILE *out)
{
    struct signing_state state = look->state;
    int64_t ready = 0;
    char text[NOW_TEXT_OCTETS];
    char left[DURATION_OCTETS];

    switch (roll_judge(&state, &look->view, look->at, &ready)) {
    case ROLL_UNPUBLISHED:
        fputs("waits for 'zonegen publish'\n", out);
        break;
    case ROLL_UNSEEN:
        fputs("waits until the step is to be seen everywhere\n", out);
        break;
    case ROLL_EARLY:
        fprintf(out, "waits for caches; the next step is possible from %s on, in %s\n",
                now_text(ready, text), duration_text(ready - look->at, left));
        if (look->state.roll.seen == 0)
            fputs("    (counted from now: run 'zonegen key roll' for it to count)\n", out);
        break;
    case ROLL_READY:
        fprintf(out, "ready: 'zonegen key roll %s' takes the next step\n", look->name);
        break;
    }
}

static void print_times(const struct roll *roll, FILE *out)
{
    char text[NOW_TEXT_OCTETS];

    fprintf(out, "    begun %s\n", now_text(roll->begun, text));
    if (roll->published != 0)
        fprintf(out, "    published %s\n", now_text(roll->published, text));
    if (roll->seen != 0)
        fprintf(out, "    seen everywhere %s\n", now_text(roll->seen, text));
}

void roll_say_status(struct context *context, const struct roll_look *look)
{
    FILE *out = context->out;
    bool has_roll = look->state.roll.kind != ROLL_NONE;

    if (has_roll)
        print_where(look, &look->state, out);
    else
        fprintf(out, "%s: no roll is under way\n", look->name);
    if (has_roll)
        print_times(&look->state.roll, out);
    print_keys(look, &look->state, out);
    if (look->seen.trouble != NULL)
        fprintf(out, "the DNS cannot be asked: %s\n", look->seen.trouble);
    fputs("to be seen now:\n", out);
    print_servers(look, &look->state, false, out);
    print_parents(look, &look->state, false, out);
    if (look->seen.by_resolver_only && look->seen.trouble == NULL)
        fputs("    (no server of the parent could be asked directly)\n", out);
    if (has_roll)
        print_outlook(look, out);
}
