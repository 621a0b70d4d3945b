/* What liballocations.so and libevery.so have of each other: allocations.c counts and fails,
 * every.c tries all of one run. */
#ifndef TESTS_ALLOCATIONS_H
#define TESTS_ALLOCATIONS_H

#include <stdbool.h>

/* From now on allocations are counted, and may fail; or are not. */
void allocations_count(bool on);

/* The allocation that is under way fails, and when `from` is set each one after it. */
void allocations_fail(unsigned long number, bool from);

/*
 * Reads FAULTS_EVERY and what goes with it; see every.c. False where it is not set: then nothing
 * else of every.c does anything.
 */
__attribute__((weak)) bool every_begin(void); /* NULL without libevery.so */

/*
 * Tries the allocation `number` in children of this process. False in this process, which goes on;
 * true in a child, where it is to fail.
 */
__attribute__((weak)) bool every_try(unsigned long number);

/* At the end of main(): tells how many there were. Nothing in a child. */
__attribute__((weak)) void every_end(unsigned long total);

#endif
