#include "tests/fuzz/reprint.h"

#include "tests/fuzz/fuzz.h"
#include "zone/zonefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *reprint(const struct node_source *source, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);

    RULE(out != NULL && source->rewind(source->state) == STATUS_OK);
    RULE(zonefile_print(source, out) == STATUS_OK && fclose(out) == 0);
    return text;
}

void reprint_check(const char *text, size_t length)
{
    struct zonefile *zonefile = zonefile_create("/dev/shm", ZONEFILE_HELD_OCTETS);
    struct diag *diag = diag_create();
    struct node_source source;
    size_t again_length;

    const char *path = fuzz_file((const uint8_t *)text, length);
    enum status status = zonefile_read(path, NULL, zonefile, diag, &source);
    if (status != STATUS_OK)
        diag_print(diag, DIAG_GNU, stderr);
    RULE(status == STATUS_OK);
    char *again = reprint(&source, &again_length);
    RULE(again_length == length && memcmp(again, text, length) == 0);
    free(again);
    diag_destroy(diag);
    zonefile_destroy(zonefile);
}
