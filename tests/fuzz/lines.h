/*
 * Mutation of texts that have a meaning by line and word: YAML, zone files. libFuzzer's own breaks
 * most of them at the first octet.
 */
#ifndef FUZZ_LINES_H
#define FUZZ_LINES_H

#include "tests/fuzz/fuzz.h"

/* Drops, repeats, moves, indents a line, or puts one of the text's words in place of another. */
size_t lines_mutate(uint8_t *octets, size_t length, size_t room, unsigned seed,
                    fuzz_plain_mutation *plain);

#endif
