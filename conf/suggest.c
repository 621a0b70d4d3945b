#include "conf/suggest.h"

#include <stdbool.h>
#include <string.h>

static char folded(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
    /* Rows of the table of distances between the beginnings of a and b: two above, above, this. */
    size_t rows[3][SUGGEST_MAX_OCTETS + 1];
    size_t length_a = strlen(a);
    size_t length_b = strlen(b);

    if (length_a > SUGGEST_MAX_OCTETS || length_b > SUGGEST_MAX_OCTETS)
        return SUGGEST_MAX_OCTETS + 1;
    for (size_t j = 0; j <= length_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            char x = folded(a[i - 1]);
            char y = folded(b[j - 1]);
            row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == folded(b[j - 2]) && y == folded(a[i - 2]))
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[length_a % 3][length_b];
}

void suggest_start(struct suggestion *suggestion, const char *wanted)
{
    *suggestion = (struct suggestion){.wanted = wanted, .best_distance = SUGGEST_MAX_OCTETS + 1};
}

void suggest_candidate(struct suggestion *suggestion, const char *candidate)
{
    size_t distance = suggest_distance(suggestion->wanted, candidate);
    size_t length = strlen(candidate);
    /* A third of the letters may be wrong, and at least one; of a word of one letter none is. */
    size_t allowed = length < 2 ? 0 : length < 6 ? 1 : length / 3;
    /* The beginning of a word stands for it: "warn", "addr". */
    size_t begun = strlen(suggestion->wanted);
    if (begun >= 3 && strncasecmp(candidate, suggestion->wanted, begun) == 0)
        distance = least(distance, allowed);
    if (distance > allowed || distance >= suggestion->best_distance)
        return;
    suggestion->best = candidate;
    suggestion->best_distance = distance;
}
