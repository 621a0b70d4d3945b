/* The n-th allocation fails, for every n: a reading ends with STATUS_SYSTEM or is not hurt, and
 * neither leaks nor crashes. Run with the folder of the zone files as its argument. */
#include "golden.h"
#include "tests/unit/failing.h"

#include <unistd.h>

/* Reads with the n-th allocation failing. True when it was reached. */
static bool read_with_failure(const char *file, size_t octets, enum status expected, size_t n)
{
    struct zonefile *zonefile = zonefile_create("/tmp", octets);
    struct diag *diag = diag_create();
    struct node_source source;

    assert_non_null(zonefile);
    assert_non_null(diag);
    failing_left = n;
    enum status status = zonefile_read(file, NULL, zonefile, diag, &source);
    bool reached = failing_left == 0 && n > 0;
    failing_left = 0;
    assert_true(status == expected || (reached && status == STATUS_SYSTEM));
    if (status == STATUS_OK) {
        char *text = print_zone(&source);
        assert_true(strlen(text) > 0);
        free(text);
    }
    zonefile_destroy(zonefile);
    diag_destroy(diag);
    return reached;
}

static void every_allocation_may_fail(void **state)
{
    static const struct {
        const char *file;
        enum status status;
        size_t octets; /* held in memory: few put the others into a file */
    } cases[] = {
        {"every-type-ok.zone", STATUS_OK, ZONEFILE_HELD_OCTETS},
        {"from-knot.zone", STATUS_OK, ZONEFILE_HELD_OCTETS},
        {"from-knot.zone", STATUS_OK, 500},
        {"rare-types-ok.zone", STATUS_OK, ZONEFILE_HELD_OCTETS},
        {"rare-types-ok.zone", STATUS_OK, 1},
        {"quotes.zone", STATUS_INVALID, ZONEFILE_HELD_OCTETS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = 1;
        assert_false(read_with_failure(cases[i].file, cases[i].octets, cases[i].status, 0));
        while (read_with_failure(cases[i].file, cases[i].octets, cases[i].status, n))
            n++;
        assert_true(n > 5);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
    };
    if (argc < 2 || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: zonefile_memory_test FOLDER\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
