/* Zone files of tests/golden/zonefile as tests read them. */
#ifndef TESTS_UNIT_ZONE_GOLDEN_H
#define TESTS_UNIT_ZONE_GOLDEN_H

#include "tests/unit/check.h"

#include "zone/zonefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What became of one reading. */
struct read_zone {
    struct zonefile *zonefile;
    struct diag *diag;
    enum status status;
    struct node_source source;
};

/* `octets` of records are held in memory at once. */
static inline struct read_zone read_zone_holding(const char *file, const char *apex, size_t octets)
{
    struct read_zone zone = {.zonefile = zonefile_create("/tmp", octets), .diag = diag_create()};
    struct name name;

    if (apex != NULL)
        assert_int_equal(name_from_text(&name, apex, strlen(apex)), STATUS_OK);
    zone.status =
        zonefile_read(file, apex != NULL ? &name : NULL, zone.zonefile, zone.diag, &zone.source);
    diag_sort(zone.diag);
    return zone;
}

static inline struct read_zone read_zone(const char *file, const char *apex)
{
    return read_zone_holding(file, apex, ZONEFILE_HELD_OCTETS);
}

/* Text becomes a file first. */
static inline struct read_zone read_zone_text_holding(const char *text, size_t length,
                                                      size_t octets)
{
    char path[] = "/tmp/contactd-zone-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *out = fdopen(fd, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, length, out), length);
    assert_int_equal(fclose(out), 0);
    struct read_zone zone = read_zone_holding(path, NULL, octets);
    remove(path);
    return zone;
}

static inline struct read_zone read_zone_text(const char *text, size_t length)
{
    return read_zone_text_holding(text, length, ZONEFILE_HELD_OCTETS);
}

static inline void drop_zone(struct read_zone *zone)
{
    zonefile_destroy(zone->zonefile);
    diag_destroy(zone->diag);
}

/* The zone as it is printed; to be freed. */
static inline char *print_zone(const struct node_source *source)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    assert_int_equal(zonefile_print(source, out), STATUS_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

#endif
