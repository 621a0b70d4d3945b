/* What only the finished records show: cards that were shortened, answers that plain drill does not
 * print, RRsets that other servers refuse. Each rule speaks once per entry, of its worst label. */
#include "zone/build_parts.h"

#include "conf/ahead.h"
#include "wire/constants.h"
#include "zone/card.h"
#include "zone/txt.h"

#include <stdlib.h>
#include <string.h>

/* Entries that are looked at in one go. */
#define CHECK_ENTRIES 32

/* What a card grows by when it is signed: a UDP answer then has 1232 octets at most. */
#define SIGNED_UDP_OCTETS 1232
#define OPT_OCTETS        11
#define SIGNATURE_OCTETS  (18 + 64) /* RRSIG RDATA beside the zone's name; ECDSA P-256, Ed25519 */
#define BITMAP_OCTETS     16        /* of the types that a zone made from contacts has */

/* The answers besides the card's TXT, which is made to fit. */
enum answer_kind { ANSWER_CARD_RP, ANSWER_TXT, ANSWER_RP, ANSWER_CERT, ANSWER_URI };
#define ANSWER_COUNT 5

static const char *const answer_types[ANSWER_COUNT] = {"RP", "TXT", "RP", "CERT", "URI"};

/* The worst of an entry's labels. */
struct findings {
    size_t card_label;            /* whose card is longest */
    size_t card_excess;           /* octets it is too long by; 0: nothing is shortened anywhere */
    size_t signed_label;          /* whose card is longest with its signatures */
    size_t signed_octets;         /* of that answer; 0: the zone is not signed */
    size_t answers[ANSWER_COUNT]; /* octets */
    struct name owners[ANSWER_COUNT];
    bool refused_count, refused_octets; /* said already */
    bool incomplete;                    /* some value found no place in its record */
};

/* One entry being looked at. */
struct check {
    const struct build_rules *rules;
    const struct entry *entry;
    struct node_list *list;
    struct diag *diag;
    struct findings worst;
};

static void owner_text(const struct name *owner, char text[NAME_TEXT_OCTETS])
{
    size_t length = name_to_text(owner->octets, text);
    if (length > 1)
        text[length - 1] = '\0';
}

/* Octets by which a card, nothing shortened yet, exceeds a message or a line exceeds a string. */
static size_t card_need(const struct card *card)
{
    size_t octets = card_octets(card);
    size_t need = octets > DNS_UDP_OCTETS ? octets - DNS_UDP_OCTETS : 0;
    for (size_t i = 0; i < card->line_count; i++) {
        size_t line = card_line_octets(&card->lines[i]);
        if (line > CARD_LINE_OCTETS && line - CARD_LINE_OCTETS > need)
            need = line - CARD_LINE_OCTETS;
    }
    return need;
}

/*
 * Octets of the widest answer with a card and DO, from above: two signatures with an alias; one,
 * and the NSEC with its own for a name below a wildcard (RFC 4035 §3.1.3.3), whose two names may
 * each be a label longer than the zone's.
 */
static size_t signed_octets(const struct view *view, const struct card *card)
{
    size_t zone = view->rules->zone->domain.length;
    size_t octets = card_octets(card) > DNS_UDP_OCTETS ? DNS_UDP_OCTETS : card_octets(card);
    size_t signature = CARD_RECORD_OCTETS + SIGNATURE_OCTETS + zone;
    size_t owner = view->owner.length + NAME_MAX_LABEL + 1u;
    size_t nsec = owner + 10 + zone + NAME_MAX_LABEL + 1 + BITMAP_OCTETS;
    size_t proof = nsec + owner + 10 + SIGNATURE_OCTETS + zone;
    return octets + OPT_OCTETS + signature + (proof > signature ? proof : signature);
}

static void note_answer(struct findings *worst, enum answer_kind kind, size_t octets,
                        const struct name *owner)
{
    if (octets <= worst->answers[kind])
        return;
    worst->answers[kind] = octets;
    name_set(&worst->owners[kind], owner->octets);
}

static size_t records_octets(const struct rrset *rrset)
{
    return rrset->count * (size_t)CARD_RECORD_OCTETS + rrset_octets(rrset);
}

/* Answers at `_id` and `_role`. */
static void measure_node(const struct node *node, struct findings *worst)
{
    size_t fixed = DNS_HEADER_OCTETS + node->owner.length + 4u;
    for (size_t i = 0; i < node->rrset_count; i++) {
        const struct rrset *rrset = &node->rrsets[i];
        enum answer_kind kind = rrset->type == TYPE_TXT    ? ANSWER_TXT
                                : rrset->type == TYPE_RP   ? ANSWER_RP
                                : rrset->type == TYPE_CERT ? ANSWER_CERT
                                                           : ANSWER_URI;
        note_answer(worst, kind, fixed + records_octets(rrset), &node->owner);
    }
}

/* True when a contact's TXT or mailbox did not fit: the records of the card's name and of the `_`
 * names tell, so that contacts are looked at again only then. */
static bool is_incomplete(const struct view *view, const struct node_list *list)
{
    size_t without_mailbox = 0;
    for (size_t i = 0; i < view->contact_count; i++)
        without_mailbox += view->contacts[i]->email == NULL;
    const struct rrset *rp = node_rrset(&list->items[0], TYPE_RP);
    for (size_t i = 0; rp != NULL && i < rp->count; i++)
        without_mailbox -= rp->items[i].octets[0] == 0;
    if (without_mailbox != 0)
        return true;
    for (size_t i = 2; i < list->count; i++) {
        const struct rrset *txt = node_rrset(&list->items[i], TYPE_TXT);
        if (txt != NULL && txt->items[txt->count - 1].length == 0) /* sorts last, without order */
            return true;
    }
    return false;
}

/* What other servers accept of an RRset. */
static void check_limits(const struct rrset *rrset, const struct name *owner, struct place place,
                         struct diag *diag, struct findings *said)
{
    char text[NAME_TEXT_OCTETS];
    size_t octets = rrset_octets(rrset);
    if (rrset->count <= RRSET_MAX_RECORDS && octets <= RRSET_MAX_OCTETS)
        return;

    owner_text(owner, text);
    if (rrset->count > RRSET_MAX_RECORDS && !said->refused_count) {
        said->refused_count = true;
        diag_error(diag, place, "rrset-count",
                   "%u records of one type at %s, at most %d are accepted by secondaries",
                   rrset->count, text, RRSET_MAX_RECORDS);
    }
    if (octets > RRSET_MAX_OCTETS && !said->refused_octets) {
        said->refused_octets = true;
        diag_error(
            diag, place, "rrset-size",
            "%zu octets of records of one type at %s, at most %d are accepted by secondaries",
            octets, text, RRSET_MAX_OCTETS);
    }
}

/* Keeps what is worst of the card of one label. */
static void measure_card(struct check *check, const struct view *view, size_t label)
{
    struct findings *worst = &check->worst;
    struct card card;

    card_make(view, &card);
    size_t need = card_need(&card);
    if (need > worst->card_excess) {
        worst->card_excess = need;
        worst->card_label = label;
    }
    if (check->rules->zone->dnssec && signed_octets(view, &card) > worst->signed_octets) {
        worst->signed_octets = signed_octets(view, &card);
        worst->signed_label = label;
    }
}

/* Keeps what is worst of the records of one label. */
static void measure_nodes(struct check *check, const struct view *view)
{
    struct findings *worst = &check->worst;
    const struct node_list *list = check->list;

    for (size_t i = 0; i < list->count; i++) {
        const struct node *node = &list->items[i];
        for (size_t k = 0; k < node->rrset_count; k++)
            check_limits(&node->rrsets[k], &node->owner, check->entry->place, check->diag, worst);
        if (i >= 2) /* past the card and its wildcard */
            measure_node(node, worst);
    }
    const struct rrset *rp = node_rrset(&list->items[0], TYPE_RP);
    if (rp != NULL)
        note_answer(worst, ANSWER_CARD_RP, card_fixed_octets(view) + records_octets(rp),
                    &view->owner);
    worst->incomplete = worst->incomplete || is_incomplete(view, list);
}

static enum status make_label(const struct check *check, const struct view *view)
{
    enum status status = nodes_start(check->list, 2 + VIEW_MAX_CONTACTS + ROLE_COUNT);
    return status == STATUS_OK ? entry_nodes(view, check->list) : status;
}

/* Looks at one label; makes its records where that cannot be done without. */
static enum status check_label(struct check *check, size_t label)
{
    struct view view;
    enum status status = view_make(check->rules, check->entry, label, &view);
    if (status == STATUS_NO_SPACE) {
        diag_error(check->diag, view.label->place, "name-too-long",
                   "names below '%s' would exceed 255 octets in this zone; serve a shorter domain",
                   view.label->a_label);
        return STATUS_OK;
    }
    bool is_small = bound_is_small(&view);
    status = is_small ? STATUS_OK : make_label(check, &view);
    if (status == STATUS_NO_SPACE) {
        diag_error(check->diag, check->entry->place, "name-too-long",
                   "an id of .%s is too long for a domain name", view.label->a_label);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        measure_card(check, &view, label);
    if (status == STATUS_OK && !is_small)
        measure_nodes(check, &view);
    return status;
}

/* Values that no record holds. The same below every label. */
static void check_values(const struct check *check, const struct view *view)
{
    for (size_t i = 0; i < view->contact_count; i++) {
        const struct contact *contact = view->contacts[i];
        struct contact_rdata rdata;
        if (contact_rdata_make(view, contact, check->list->arena, &rdata) != STATUS_OK)
            continue; /* an id without a name was found by check_label */
        if (!rdata.mailbox_fits)
            diag_error(check->diag, contact->place, "mail-too-long",
                       "'%s' makes no domain name for RP; at most 63 octets before the '@', 253 in "
                       "all",
                       contact->email);
        if (rdata.txt.length == 0)
            diag_error(check->diag, contact->place, "value-too-long",
                       "contact '%s' does not fit its TXT record: '%s=' and its value may have 253 "
                       "octets; shorten it",
                       contact->id, rdata.too_long == NULL ? "note" : rdata.too_long);
    }
}

/* "WHAT 'Long Name' to 'Long..'", or "WHAT 'Name' left out". */
static void append_cut(const struct card_line *line, const char *what, struct writer *w)
{
    txt_append(w, what);
    txt_append(w, " '");
    writer_octets(w, (const uint8_t *)line->name, line->name_octets);
    if (line->name_kept == 0) {
        txt_append(w, "' left out");
        return;
    }
    txt_append(w, "' to '");
    card_name_write(line, w);
    txt_append(w, "'");
}

static void append_contact(const struct contact *contact, const struct card_line *line,
                           struct writer *w)
{
    if (line->name_kept < line->name_octets) {
        txt_append(w, "; contact ");
        txt_append(w, contact->id);
        append_cut(line, ": name", w);
    }
    if (contact->email != NULL && line->mail == NULL) {
        txt_append(w, "; contact ");
        txt_append(w, contact->id);
        txt_append(w, ": mail address ");
        txt_append(w, contact->email);
        txt_append(w, " left out");
    }
}

/* "; registry 'Long Name' to 'Long..'; contact dns: name 'X' left out" */
static const char *describe_card(const struct view *view, const struct card *card,
                                 struct arena *arena)
{
    size_t size = 2 * CARD_LINE_OCTETS + card->lines[0].name_octets;
    for (size_t i = 0; i < view->contact_count; i++) {
        const struct contact *contact = view->contacts[i];
        size += CARD_LINE_OCTETS + 2 * strlen(contact->id) + 2 * strlen(contact->name);
        size += contact->email == NULL ? 0 : strlen(contact->email);
    }
    char *text = arena_alloc(arena, size);
    if (text == NULL)
        return "";
    struct writer w = writer_of((uint8_t *)text, size - 1);
    if (card->lines[0].name_kept < card->lines[0].name_octets)
        append_cut(&card->lines[0], "; registry", &w);
    for (size_t i = 0; i < view->contact_count; i++)
        append_contact(view->contacts[i], &card->lines[1 + i], &w);
    return text;
}

static void report_card(const struct check *check)
{
    struct view view;
    struct card card;
    if (view_make(check->rules, check->entry, check->worst.card_label, &view) != STATUS_OK)
        return;
    card_make(&view, &card);
    size_t octets = card_octets(&card);
    if (card_fit(&card)) {
        if (!diag_keeps(check->diag, SEVERITY_NOTE))
            return;
        diag_add(check->diag, SEVERITY_NOTE, check->entry->place, "card-shortened",
                 "the card of .%s is shortened: %zu octets of %d%s", view.label->a_label, octets,
                 DNS_UDP_OCTETS, describe_card(&view, &card, check->list->arena));
        return;
    }
    for (size_t i = 0; i < card.line_count; i++)
        if (card_line_octets(&card.lines[i]) > CARD_LINE_OCTETS) {
            diag_error(
                check->diag, check->entry->place, "card-too-long",
                "line %zu of the card of .%s exceeds the %d octets of a string however it is "
                "shortened; give it fewer phones or a shorter territory",
                i, view.label->a_label, CARD_LINE_OCTETS);
            return;
        }
    diag_error(check->diag, check->entry->place, "card-too-long",
               "the card of .%s takes %zu octets however it is shortened, at most %d fit; publish "
               "fewer contacts or phones",
               view.label->a_label, card_octets(&card), DNS_UDP_OCTETS);
}

static void report_answers(const struct check *check)
{
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        char owner[NAME_TEXT_OCTETS];
        if (check->worst.answers[i] <= DNS_UDP_OCTETS)
            continue;
        owner_text(&check->worst.owners[i], owner);
        diag_warning(
            check->diag, check->entry->place, "answer-over-512",
            "the %s answer for %s%s takes %zu octets; a client without EDNS gets 512, plain "
            "drill shows nothing",
            answer_types[i], owner, i == ANSWER_CARD_RP ? " and names below it" : "",
            check->worst.answers[i]);
    }
}

/* RFC 4035 §3.1.1: an answer that leaves its signatures out is a truncated one. */
static void report_signed(const struct check *check)
{
    const struct findings *worst = &check->worst;

    if (worst->signed_octets <= SIGNED_UDP_OCTETS)
        return;
    diag_warning(check->diag, check->entry->place, "card-signed",
                 "the card of .%s may take %zu octets with its signatures, %d fit an answer over "
                 "UDP; serve a shorter domain",
                 check->entry->labels[worst->signed_label].a_label, worst->signed_octets,
                 SIGNED_UDP_OCTETS);
}

static enum status check_entry(const struct build *build, const struct entry *entry,
                               struct node_list *list, struct diag *diag)
{
    struct check check = {.rules = build->rules, .entry = entry, .list = list, .diag = diag};
    struct view view;
    size_t visible = view_count(entry, build->rules->zone->audience);

    if (visible > VIEW_MAX_CONTACTS)
        diag_error(diag, entry->place, "too-many-contacts",
                   "%zu contacts would be published, at most %d may be; make some internal",
                   visible, VIEW_MAX_CONTACTS);
    for (size_t i = 0; i < entry->label_count; i++) {
        enum status status = check_label(&check, i);
        if (status != STATUS_OK)
            return status;
    }
    if (check.worst.incomplete && view_make(build->rules, entry, 0, &view) == STATUS_OK)
        check_values(&check, &view);
    if (check.worst.card_excess > 0)
        report_card(&check);
    report_answers(&check);
    report_signed(&check);
    return arena_failed(list->arena) ? STATUS_SYSTEM : STATUS_OK;
}

/* Names and addresses of name servers are records too. */
static enum status check_apex(const struct build *build, struct node_list *list, struct diag *diag)
{
    const struct config_zone *zone = build->rules->zone;
    struct findings said = {.refused_count = false};

    if (nodes_start(list, 1 + zone->nameserver_count) != STATUS_OK ||
        apex_nodes(build, list) != STATUS_OK)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < list->count; i++)
        for (size_t k = 0; k < list->items[i].rrset_count; k++)
            check_limits(&list->items[i].rrsets[k], &list->items[i].owner, zone->place, diag,
                         &said);
    return STATUS_OK;
}

/* All entries being looked at, some at a time. */
struct survey {
    const struct build *build;
    struct survey_place {
        struct node_list list;
        struct diag *diag; /* of the entries at hand; NULL: none */
    } * places;
    size_t place_count;
};

static bool is_checked(const struct build *build, const struct entry *entry)
{
    return !entry->is_summary && view_count(entry, build->rules->zone->audience) > 0;
}

static enum status check_some(void *state, size_t at, size_t piece)
{
    const struct survey *survey = state;
    const struct contacts *contacts = survey->build->rules->contacts;
    struct survey_place *place = &survey->places[at];
    size_t end = (piece + 1) * CHECK_ENTRIES;
    enum status status = STATUS_OK;

    diag_clear(place->diag);
    if (end > contacts->entry_count)
        end = contacts->entry_count;
    for (size_t i = piece * CHECK_ENTRIES; i < end && status == STATUS_OK; i++)
        if (is_checked(survey->build, &contacts->entries[i]))
            status = check_entry(survey->build, &contacts->entries[i], &place->list, place->diag);
    return status;
}

static enum status open_survey(struct survey *survey, const struct diag *diag)
{
    survey->places = calloc(survey->place_count, sizeof *survey->places);
    for (size_t i = 0; i < survey->place_count && survey->places != NULL; i++) {
        struct survey_place *place = &survey->places[i];
        place->list =
            (struct node_list){.arena = arena_create(), .ttl = survey->build->rules->zone->ttl};
        place->diag = diag_create();
        if (place->list.arena == NULL || place->diag == NULL)
            return STATUS_SYSTEM;
        diag_keep(place->diag, diag_least(diag));
    }
    return survey->places != NULL ? STATUS_OK : STATUS_SYSTEM;
}

static void close_survey(struct survey *survey)
{
    for (size_t i = 0; i < survey->place_count && survey->places != NULL; i++) {
        arena_destroy(survey->places[i].list.arena);
        diag_destroy(survey->places[i].diag);
    }
    free(survey->places);
}

/* Takes what is said of the entries in their order. */
static enum status take_findings(struct survey *survey, const struct ahead_rules *rules,
                                 struct diag *diag)
{
    struct ahead *ahead = NULL;
    size_t at;

    enum status status = ahead_open(rules, &ahead);
    while (status == STATUS_OK) {
        status = ahead_take(ahead, &at);
        if (status != STATUS_NOT_FOUND)
            diag_join(diag, survey->places[at].diag);
    }
    ahead_close(ahead);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status check_entries(const struct build *build, struct diag *diag)
{
    const struct contacts *contacts = build->rules->contacts;
    unsigned threads = build_threads(build);
    struct survey survey = {.build = build, .place_count = ahead_places(threads)};
    const struct ahead_rules rules = {
        .pieces = (contacts->entry_count + CHECK_ENTRIES - 1) / CHECK_ENTRIES,
        .threads = threads,
        .work = check_some,
        .state = &survey,
    };

    enum status status = open_survey(&survey, diag);
    if (status == STATUS_OK)
        status = take_findings(&survey, &rules, diag);
    close_survey(&survey);
    return status;
}

enum status build_check(const struct build *build, struct node_list *list, struct diag *diag)
{
    enum status status = check_apex(build, list, diag);
    return status == STATUS_OK ? check_entries(build, diag) : status;
}
