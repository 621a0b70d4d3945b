#include "zone/card.h"

#include "wire/constants.h"
#include "zone/txt.h"

#include <string.h>

#define MARK_OCTETS     (sizeof CARD_MARK - 1)
#define QUESTION_OCTETS 4 /* type and class (RFC 1035 §4.1.2) */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The answer to a question for an alias, before its TXT records; 0 when there is no such alias. */
static size_t alias_octets(const struct view *view, const char *alias)
{
    if (alias == NULL || strlen(alias) > NAME_MAX_LABEL)
        return 0;
    size_t question = 1 + strlen(alias) + view->rules->zone->domain.length + QUESTION_OCTETS;
    return DNS_HEADER_OCTETS + question + CARD_RECORD_OCTETS + view->owner.length;
}

size_t card_fixed_octets(const struct view *view)
{
    size_t wildcard = view->owner.length + 2u + CARD_WILDCARD_RESERVE;
    if (wildcard > NAME_MAX_OCTETS)
        wildcard = NAME_MAX_OCTETS;
    size_t widest = DNS_HEADER_OCTETS + wildcard + QUESTION_OCTETS;
    widest = larger(widest, DNS_HEADER_OCTETS + view->owner.length + QUESTION_OCTETS);
    widest = larger(widest, alias_octets(view, view->label->u_label));
    return larger(widest, alias_octets(view, view->label->upper));
}

/* What was written, or a length that no line has. */
static size_t written(const struct writer *w)
{
    return w->failed ? CARD_LINE_OCTETS + 1 : writer_length(w);
}

static void set_name(struct card_line *line, const char *name)
{
    line->name = name;
    line->name_octets = strlen(name);
    line->name_kept = line->name_octets;
}

/* `0 REGISTRY (.LABEL, TERRITORY) - verified DATE[ STALE|EXPIRED]` */
static void registry_line(const struct view *view, struct card_line *line)
{
    struct writer head = writer_of((uint8_t *)line->head, sizeof line->head);
    struct writer tail = writer_of((uint8_t *)line->tail, sizeof line->tail);

    txt_append(&head, "0");
    line->mail = NULL;
    set_name(line, view->entry->registry);
    txt_append(&tail, " (.");
    txt_append(&tail, view->label->a_label);
    if (view->label->territory != NULL) {
        txt_append(&tail, ", ");
        txt_append(&tail, view->label->territory);
    }
    txt_append(&tail, ") - verified ");
    txt_append(&tail, view->verified);
    if (view->freshness == FRESHNESS_STALE)
        txt_append(&tail, " STALE");
    if (view->freshness == FRESHNESS_EXPIRED)
        txt_append(&tail, " EXPIRED");
    line->head_octets = written(&head);
    line->tail_octets = written(&tail);
}

/* `ORDER ROLE[,ROLE] HOURS [TZ] [PHONES] [MAIL] NAME`; the time zone says what hours other than
 * 24x7 mean. */
static void contact_line(const struct contact *contact, struct card_line *line)
{
    struct writer head = writer_of((uint8_t *)line->head, sizeof line->head);

    writer_u8(&head, (uint8_t)('0' + contact->order % 10));
    txt_append(&head, " ");
    view_roles(contact->roles, &head);
    txt_append(&head, " ");
    txt_append(&head, contact->hours);
    if (contact->timezone != NULL && strcmp(contact->hours, "24x7") != 0) {
        txt_append(&head, " ");
        txt_append(&head, contact->timezone);
    }
    if (contact->phone_count > 0) {
        txt_append(&head, " ");
        view_phones(contact, true, "sms:", &head);
    }
    line->head_octets = written(&head);
    line->tail_octets = 0;
    line->mail = contact->email;
    set_name(line, contact->name);
}

void card_make(const struct view *view, struct card *out)
{
    out->fixed_octets = card_fixed_octets(view);
    out->line_count = 1 + view->contact_count;
    registry_line(view, &out->lines[0]);
    for (size_t i = 0; i < view->contact_count; i++)
        contact_line(view->contacts[i], &out->lines[1 + i]);
}

static bool name_is_cut(const struct card_line *line)
{
    return line->name_kept > 0 && line->name_kept < line->name_octets;
}

/* Characters of the name as shown. */
static size_t name_shown(const struct card_line *line)
{
    return line->name_kept + (name_is_cut(line) ? MARK_OCTETS : 0);
}

size_t card_line_octets(const struct card_line *line)
{
    size_t octets = line->head_octets + line->tail_octets;
    if (line->mail != NULL)
        octets += 1 + strlen(line->mail);
    if (line->name_kept > 0)
        octets += 1 + name_shown(line);
    return octets;
}

size_t card_octets(const struct card *card)
{
    size_t octets = card->fixed_octets;
    for (size_t i = 0; i < card->line_count; i++)
        octets += CARD_RECORD_OCTETS + 1 + card_line_octets(&card->lines[i]);
    return octets;
}

/* Octets by which the card is too long. */
static size_t card_excess(const struct card *card)
{
    size_t octets = card_octets(card);
    return octets > DNS_UDP_OCTETS ? octets - DNS_UDP_OCTETS : 0;
}

static size_t line_excess(const struct card_line *line)
{
    size_t octets = card_line_octets(line);
    return octets > CARD_LINE_OCTETS ? octets - CARD_LINE_OCTETS : 0;
}

/* Where a name of which `room` characters may stay is cut: before a space where one is in the
 * second half, and never after what only makes sense before a word. */
static size_t cut_at(const char *name, size_t room)
{
    size_t at = room;
    while (at > room / 2 && name[at] != ' ')
        at--;
    if (name[at] != ' ')
        at = room;
    while (at > 1 && strchr(" .,;:-/&(", name[at - 1]) != NULL)
        at--;
    return at;
}

/* Takes up to `excess` characters off the name, a few more to end at a word, but leaves `least`. */
static void shorten_name(struct card_line *line, size_t excess, size_t least)
{
    size_t shown = name_shown(line);
    if (excess == 0 || shown <= least)
        return;
    size_t limit = excess < shown - least ? shown - excess : least;
    line->name_kept = cut_at(line->name, limit - MARK_OCTETS);
}

/* Brings one line within a character string. */
static void fit_line(struct card_line *line, bool is_registry)
{
    shorten_name(line, line_excess(line), is_registry ? CARD_REGISTRY_LEAST : CARD_NAME_LEAST);
    if (is_registry)
        return;
    if (line_excess(line) > 0)
        line->name_kept = 0;
    if (line_excess(line) > 0)
        line->mail = NULL;
}

/* The registry's name as long as lines that were shortened after it now allow. */
static void stretch_registry(struct card *card)
{
    struct card_line *line = &card->lines[0];
    line->name_kept = line->name_octets;
    size_t excess = larger(card_excess(card), line_excess(line));
    shorten_name(line, excess, CARD_REGISTRY_LEAST);
}

/* Contact names from the last up, then mail addresses in the same way. */
static void shorten_contacts(struct card *card)
{
    for (size_t i = card->line_count; --i > 0 && card_excess(card) > 0;) {
        shorten_name(&card->lines[i], card_excess(card), CARD_NAME_LEAST);
        if (card_excess(card) > 0)
            card->lines[i].name_kept = 0;
    }
    for (size_t i = card->line_count; --i > 0 && card_excess(card) > 0;)
        card->lines[i].mail = NULL;
}

bool card_fit(struct card *card)
{
    for (size_t i = 0; i < card->line_count; i++)
        fit_line(&card->lines[i], i == 0);

    shorten_name(&card->lines[0], card_excess(card), CARD_REGISTRY_LEAST);
    if (card_excess(card) > 0) {
        shorten_contacts(card);
        stretch_registry(card);
    }
    if (card_excess(card) > 0 || line_excess(&card->lines[0]) > 0)
        card->lines[0].name_kept = 0;

    for (size_t i = 0; i < card->line_count; i++)
        if (line_excess(&card->lines[i]) > 0)
            return false;
    return card_excess(card) == 0;
}

void card_name_write(const struct card_line *line, struct writer *w)
{
    writer_octets(w, (const uint8_t *)line->name, line->name_kept);
    if (name_is_cut(line))
        txt_append(w, CARD_MARK);
}

void card_line_write(const struct card_line *line, struct writer *w)
{
    if (card_line_octets(line) > CARD_LINE_OCTETS) {
        w->failed = true;
        return;
    }
    writer_octets(w, (const uint8_t *)line->head, line->head_octets);
    if (line->mail != NULL) {
        txt_append(w, " ");
        txt_append(w, line->mail);
    }
    if (line->name_kept > 0) {
        txt_append(w, " ");
        card_name_write(line, w);
    }
    writer_octets(w, (const uint8_t *)line->tail, line->tail_octets);
}

bool card_is_at(const struct name *apex, const struct node *node)
{
    const struct rrset *txt = node_rrset(node, TYPE_TXT);
    const uint8_t *label = node->owner.octets;

    if (txt == NULL || name_labels(label) != name_labels(apex->octets) + 1 || label[1] == '_' ||
        label[1] == '*')
        return false;
    for (size_t i = 0; i < txt->count; i++) {
        const struct rdata *line = &txt->items[i];
        if (line->length > 3 && line->octets[1] >= '0' && line->octets[1] <= '9' &&
            line->octets[2] == ' ')
            return true;
    }
    return false;
}
