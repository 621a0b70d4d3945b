#include "command/deletion.h"

#include "command/wording.h"

#include <stdio.h>
#include <string.h>

void deletion_add(struct deletion *deletion, const struct name *owner)
{
    if (deletion->count < DELETION_MAX_LABELS)
        deletion->owners[deletion->count] = *owner;
    deletion->count++;
}

bool deletion_is_mass(uint32_t deleted, uint32_t before)
{
    return (uint64_t)deleted * 10 > before;
}

void deletion_text(const struct deletion *deletion, uint32_t before,
                   char text[DELETION_TEXT_OCTETS])
{
    size_t named = deletion->count < DELETION_MAX_LABELS ? deletion->count : DELETION_MAX_LABELS;
    size_t at = (size_t)snprintf(text, DELETION_TEXT_OCTETS, "%zu of %u entries", deletion->count,
                                 (unsigned)before);

    for (size_t i = 0; i < named; i++) {
        char label[NAME_TEXT_OCTETS];
        wording_label(&deletion->owners[i], label);
        int more =
            snprintf(text + at, DELETION_TEXT_OCTETS - at, "%s%s", i == 0 ? ": " : ", ", label);
        if ((size_t)more >= DELETION_TEXT_OCTETS - at)
            return; /* labels of escapes only: cut, which loses a name and no number */
        at += (size_t)more;
    }
    if (deletion->count > named)
        snprintf(text + at, DELETION_TEXT_OCTETS - at, " and %zu more", deletion->count - named);
}
