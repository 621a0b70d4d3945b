#include "conf/memory.h"

#include <stddef.h>

/* A global: a process decides once, and an arena has nobody to ask. */
static void (*end_process)(void);

void memory_end_without(void (*end)(void))
{
    end_process = end;
}

void memory_lacks(void)
{
    if (end_process != NULL)
        end_process();
}
