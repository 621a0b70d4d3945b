/* What the tests of conf/ share: a cmocka prelude, and a reading with its diagnostics as text. */
#ifndef TESTS_CONF_TEST_H
#define TESTS_CONF_TEST_H

/* cmocka.h wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/diag.h"

/* The diagnostics, sorted, in a text that the caller frees. */
static inline char *printed(struct diag *diag, enum diag_format format)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    diag_sort(diag);
    diag_print(diag, format, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

#endif
