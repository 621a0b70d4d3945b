#include "contacts/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX_OCTETS 40

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many letters must be put in, taken out, changed, or swapped with their neighbour (optimal
 * string alignment). Both words are at most WORD_MAX_OCTETS long. */
static unsigned distance_of(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX_OCTETS + 1];
    size_t length_a = strlen(a);
    size_t length_b = strlen(b);

    for (unsigned j = 0; j <= length_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= length_b; j++) {
            unsigned change = same(a[i - 1], b[j - 1]) ? 0 : 1;
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
            bool swapped =
                i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
            if (swapped && two_above[j - 2] + 1 < row[j])
                row[j] = two_above[j - 2] + 1;
        }
    }
    return rows[length_a % 3][length_b];
}

struct suggestion suggest_start(const char *wrong)
{
    size_t length = strlen(wrong);
    /* A third of a word may be wrong; more is another word. */
    unsigned limit = length < 3 ? 1 : length < 5 ? 2 : length < 8 ? 3 : 4;
    return (struct suggestion){wrong, NULL, length > WORD_MAX_OCTETS ? 0 : limit};
}

/* Among words of two letters nearly all are one change apart: only a swap or letter case counts. */
static bool is_near_enough(const char *wrong, const char *candidate)
{
    if (strlen(wrong) != 2)
        return true;
    if (strlen(candidate) != 2)
        return false;
    return (same(wrong[0], candidate[0]) && same(wrong[1], candidate[1])) ||
           (same(wrong[0], candidate[1]) && same(wrong[1], candidate[0]));
}

void suggest_offer(struct suggestion *suggestion, const char *candidate)
{
    size_t length = strlen(suggestion->wrong);
    size_t candidate_length = strlen(candidate);
    size_t apart = length > candidate_length ? length - candidate_length
                                             : candidate_length - length;

    if (suggestion->distance == 0 || apart >= suggestion->distance)
        return;
    if (candidate_length > WORD_MAX_OCTETS || !is_near_enough(suggestion->wrong, candidate))
        return;
    unsigned distance = length == 2 ? 0 : distance_of(suggestion->wrong, candidate);
    if (distance < suggestion->distance) {
        suggestion->distance = distance;
        suggestion->best = candidate;
    }
}

struct suggest_text suggest_finish(const struct suggestion *suggestion, const char *otherwise)
{
    struct suggest_text out;

    if (suggestion->best != NULL)
        snprintf(out.text, sizeof out.text, "; did you mean '%s'", suggestion->best);
    else
        snprintf(out.text, sizeof out.text, "%s", otherwise);
    return out;
}
