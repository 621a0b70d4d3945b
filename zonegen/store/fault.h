/*
 * What becomes of a process whose database is taken from under it. A file that is mapped and then
 * cut, or whose disk cannot be read, is a SIGBUS in the middle of a read; one that LMDB finds
 * impossible is an assertion. Either would end the process without a word of what is wrong. Here it
 * ends with one line that names the database, and exit code 1; other faults go on to be what they
 * were, core and all.
 */
#ifndef STORE_FAULT_H
#define STORE_FAULT_H

#include <stddef.h>

#define FAULT_MAX_MAPS 4

/*
 * Who says it: called once, at most, from a signal handler of a thread that reads the map, in which
 * it holds no lock and is in no function of the C library but memcpy and its kin. The process ends
 * when it returns. Default: the line goes to stderr.
 */
typedef void fault_say(void *state, const char *line);
void fault_set_voice(fault_say *say, void *state);

/* Says it, and ends the process with exit code 1. */
_Noreturn void fault_end(const char *line);

/*
 * A thread that is within LMDB says so: damaged pages make it follow pointers that are none,
 * outside of the map too. A fault there is the database's, whatever its address.
 *
 *   line   kept by pointer: what is said
 */
extern _Thread_local const char *volatile fault_reading;

static inline void fault_enter(const char *line)
{
    fault_reading = line;
}

static inline void fault_leave(void)
{
    fault_reading = NULL;
}

/*
 * Looks for the map of `octets` that has been made just now, and watches it until fault_forget.
 * From the start of one thread; reads /proc/self/maps.
 *
 *   line   kept by pointer: what is said
 *
 * Returns the map, or NULL where it cannot be found: then faults are what they always were.
 */
const void *fault_watch(size_t octets, const char *line);
void fault_forget(const void *map);

#endif
