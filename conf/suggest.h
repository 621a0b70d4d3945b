/* "did you mean": the word that somebody probably wanted to write. */
#ifndef CONF_SUGGEST_H
#define CONF_SUGGEST_H

#include <stddef.h>

/* Longer words are not compared. */
#define SUGGEST_MAX_OCTETS 63

/* Compares candidates one by one and keeps the nearest. */
struct suggestion {
    const char *wanted;
    const char *best; /* NULL: none is near enough */
    size_t best_distance;
};

void suggest_start(struct suggestion *suggestion, const char *wanted);
void suggest_candidate(struct suggestion *suggestion, const char *candidate);

/*
 * Letters to change, insert, remove or swap with their neighbour to get from one to the other;
 * letter case aside, and '_' is '-'. SUGGEST_MAX_OCTETS + 1 when one of them is too long.
 */
size_t suggest_distance(const char *a, const char *b);

#endif
