/*
 * contactd.conf and the files that it includes, taken apart by section. Knows which items are
 * sections, and no other item.
 */
#ifndef CONF_MERGE_H
#define CONF_MERGE_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "conf/opener.h"
#include "conf/options.h"
#include "conf/yaml.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>

#define MERGE_MAX_DEPTH 8 /* files that include each other, the first one counted */

/* The mappings of one section, in the order in which they are read. */
struct merge_section {
    struct yaml_node **mappings;
    size_t count;
    size_t capacity;
};

struct merge {
    struct merge_section sections[SECTION_COUNT]; /* SECTION_TOP: the files' roots */
    size_t file_count;                            /* the first one too */
    const char **files;
    bool complete; /* false when a file could not be read whole: what it holds is unknown */
};

/*
 * Reads the file and what it includes; an included file stands where `include` stands.
 * STATUS_OK whether there were diagnostics or not, or STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status merge_read(const char *path, const struct opener *opener,
                                  struct arena *arena, struct diag *diag, struct merge *out);

#endif
