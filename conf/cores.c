#include "conf/cores.h"

#include <sched.h>

size_t cores_count(void)
{
    cpu_set_t cores;

    if (sched_getaffinity(0, sizeof cores, &cores) != 0 || CPU_COUNT(&cores) < 1)
        return 1; /* a machine with more cores than the set holds: let the caller say */
    return (size_t)CPU_COUNT(&cores);
}
