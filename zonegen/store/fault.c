#include "store/fault.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct watched_map {
    _Atomic uintptr_t start; /* 0: none */
    uintptr_t end;
    const char *line;
};

/* A signal handler is given nothing but the signal: this is the one place with state of its own. */
static struct {
    struct watched_map maps[FAULT_MAX_MAPS];
    fault_say *say;
    void *state;
    atomic_flag said;
} faults = {.said = ATOMIC_FLAG_INIT};

_Thread_local const char *volatile fault_reading;

void fault_set_voice(fault_say *say, void *state)
{
    faults.state = state;
    faults.say = say;
}

static void write_all(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written; /* nobody is left to be told */
}

void fault_end(const char *line)
{
    if (atomic_flag_test_and_set(&faults.said)) /* another thread is about to end all */
        for (;;)
            pause();
    if (faults.say) {
        faults.say(faults.state, line);
    } else {
        write_all(line);
        write_all("\n");
    }
    _exit(EXIT_FAILURE);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)info->si_addr;
    (void)context;

    for (size_t i = 0; i < FAULT_MAX_MAPS; i++) {
        uintptr_t start = atomic_load(&faults.maps[i].start);
        if (start != 0 && at >= start && at < faults.maps[i].end)
            fault_end(faults.maps[i].line);
    }
    if (fault_reading)
        fault_end(fault_reading);
    signal(number, SIG_DFL); /* the instruction is tried again, and faults again */
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};

    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
}

static bool is_watched(uintptr_t start)
{
    for (size_t i = 0; i < FAULT_MAX_MAPS; i++)
        if (atomic_load(&faults.maps[i].start) == start)
            return true;
    return false;
}

/* The shared map of that size that is not watched yet, 0 for none. LMDB does not tell where it has
 * its map; none but a database is as large. */
static uintptr_t find_map(size_t octets)
{
    uintptr_t found = 0;
    char *line = NULL;
    size_t room = 0;

    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && found == 0 && getline(&line, &room, maps) > 0) {
        uintptr_t start, end;
        char access[8];
        // NOLINTNEXTLINE(cert-err34-c): the kernel wrote it
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &start, &end, access) == 3 &&
            end - start == octets && access[3] == 's' && !is_watched(start))
            found = start;
    }
    free(line);
    if (maps)
        fclose(maps);
    return found;
}

const void *fault_watch(size_t octets, const char *line)
{
    uintptr_t start = find_map(octets);
    size_t free_place = 0;

    while (free_place < FAULT_MAX_MAPS && atomic_load(&faults.maps[free_place].start) != 0)
        free_place++;
    if (start == 0 || free_place == FAULT_MAX_MAPS)
        return NULL;
    faults.maps[free_place].end = start + octets;
    faults.maps[free_place].line = line;
    atomic_store(&faults.maps[free_place].start, start);
    install();
    return (const void *)start;
}

void fault_forget(const void *map)
{
    for (size_t i = 0; map && i < FAULT_MAX_MAPS; i++)
        if (atomic_load(&faults.maps[i].start) == (uintptr_t)map)
            atomic_store(&faults.maps[i].start, 0);
}
