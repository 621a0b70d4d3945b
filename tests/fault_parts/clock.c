/*
 * A clock that jumps, for a whole program; loaded by LD_PRELOAD. The file that FAULTS_CLOCK names
 * holds the seconds, a number of 64 bits, by which the time of day is off; whoever maps it may
 * change them while the program runs. The monotonic clock stays as it is.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t none;
static _Atomic int64_t *off = &none; /* a global: the functions replaced are given nothing */

__attribute__((constructor)) static void share(void)
{
    const char *path = getenv("FAULTS_CLOCK");
    int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        off = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int outcome = (int)syscall(SYS_clock_gettime, clock, out);

    if (outcome == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        out->tv_sec += atomic_load(off);
    return outcome;
}

time_t time(time_t *out)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    int outcome = clock_gettime(CLOCK_REALTIME, &now);
    if (outcome == 0)
        *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return outcome;
}
