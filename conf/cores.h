/* How many threads work at once. */
#ifndef CONF_CORES_H
#define CONF_CORES_H

#include <stddef.h>

/* Cores that this process may use, at least 1. */
size_t cores_count(void);

#endif
