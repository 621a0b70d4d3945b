/*
 * The card: what `dig +short TXT xa.ZONE | sort` prints, one line per TXT record, for eyes at 3 am.
 * It fits the 512 octets of an answer without EDNS (RFC 1035 §4.2.1), because plain drill prints
 * nothing of a longer one: what is only for eyes is shortened until it does.
 *
 * The widest of three answers is what counts, all of them with minimal responses:
 *
 *   fixed part                                      question
 *   header 12, name + 4                             xa.ZONE
 *   header 12, name + 4, CNAME 12 + name(xa.ZONE)   each alias of the label: raw UTF-8, upper case
 *   header 12, name + 64 + 4 (name at most 255)     *.xa.ZONE, as asked with a longer name
 *
 *   plus, for each line, 12 (owner as a pointer, type, class, TTL, RDLENGTH), 1 and its characters
 *
 * Secondaries compress at least as well: their owners are pointers too, and BIND, NSD and Knot also
 * compress the CNAME's target (RFC 1035 §3.3.1), which is counted in full here. BIND needs
 * `minimal-responses yes`. A name below an alias (www.RAW-UTF-8.ZONE) is left aside: it would take
 * a longer question and a CNAME at once.
 *
 * Shortened in this order, only as far as needed:
 *
 *   1. the registry's name in line 0: at a word, down to CARD_REGISTRY_LEAST, ending in CARD_MARK
 *   2. contact names from the last contact up: down to CARD_NAME_LEAST, then left out
 *   3. mail addresses from the last contact up: left out, since a shortened one is a wrong one
 *   4. what is left of the registry's name: label and territory still say whose card it is
 *
 * Never a phone, a role, the hours or STALE. What 2 and 3 free beyond need goes back to the
 * registry's name. In the same way each line is brought within the 255 octets of one string first.
 */
#ifndef ZONE_CARD_H
#define ZONE_CARD_H

#include "wire/writer.h"
#include "zone/view.h"

#include <stdbool.h>
#include <stddef.h>

#define CARD_MAX_LINES        (1 + VIEW_MAX_CONTACTS)
#define CARD_LINE_OCTETS      255 /* one character string (RFC 1035 §3.3) */
#define CARD_WILDCARD_RESERVE 64
#define CARD_RECORD_OCTETS    12 /* of a record whose owner is a pointer, before its RDATA */
#define CARD_MARK             ".."
#define CARD_REGISTRY_LEAST   16 /* the mark counted */
#define CARD_NAME_LEAST       8  /* the mark counted */

/* One line: HEAD[ MAIL][ NAME[..]][TAIL]. */
struct card_line {
    char head[CARD_LINE_OCTETS];
    char tail[CARD_LINE_OCTETS];
    size_t
        head_octets; /* CARD_LINE_OCTETS + 1 when it did not fit: no such line can be published */
    size_t tail_octets; /* the same */
    const char *mail;   /* NULL: none, or left out */
    const char *name; /* of the registry, or of the contact; whole, not NUL-terminated at the cut */
    size_t name_octets; /* of `name`, whole */
    size_t name_kept;   /* how much of it is shown; less than name_octets: the mark follows */
};

struct card {
    size_t fixed_octets; /* of the widest answer, before the lines */
    size_t line_count;
    struct card_line lines[CARD_MAX_LINES]; /* the registry's, then one per contact */
};

/* Octets of the widest answer before its records. */
size_t card_fixed_octets(const struct view *view);

/* Fills the lines, nothing shortened. They point into the view's entry. */
void card_make(const struct view *view, struct card *out);

/* Octets of the widest answer with the card. */
size_t card_octets(const struct card *card);

/* Octets of one line as text; above CARD_LINE_OCTETS when it is no line. */
size_t card_line_octets(const struct card_line *line);

/*
 * Shortens what must be. False when that is not enough: the card then is as short as it gets, and
 * lines above CARD_LINE_OCTETS, or the sum, say why.
 */
bool card_fit(struct card *card);

/* Writes the text of a line; fails the writer when it is no line. */
void card_line_write(const struct card_line *line, struct writer *w);

/* Writes the name as it is shown, with its mark; nothing when it is left out. */
void card_name_write(const struct card_line *line, struct writer *w);

/*
 * True for an entry's own name in a zone, whoever made it: one label below the apex, without an
 * underscore or a wildcard, with a TXT record that begins like a line of a card, a digit and a
 * blank (which the `version` of a catalog does not).
 */
bool card_is_at(const struct name *apex, const struct node *node);

#endif
