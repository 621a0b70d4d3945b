/*
 * "Did you mean": the known word that a mistyped one is nearest to. Letter case is not counted as
 * a difference. Knows nothing of what the words are for.
 */
#ifndef CONTACTS_SUGGEST_H
#define CONTACTS_SUGGEST_H

struct suggestion {
    const char *wrong;
    const char *best;  /* NULL while nothing is near enough */
    unsigned distance; /* from `wrong` to `best`; a candidate must be nearer than this */
};

/* Starts a search. Words too long to be mistyped words (over 40 octets) find nothing. */
struct suggestion suggest_start(const char *wrong);

/* Offers a candidate, which must outlive the suggestion; of equally near ones the first stays. */
void suggest_offer(struct suggestion *suggestion, const char *candidate);

/*
 * The text to append to a message: "; did you mean 'best'" or `otherwise`.
 *
 *   otherwise   begins with "; ", or is ""
 */
struct suggest_text {
    char text[320];
};
struct suggest_text suggest_finish(const struct suggestion *suggestion, const char *otherwise);

#endif
