/*
 * How the configuration and what it names are opened. A server that has given up its right to open
 * files has them opened by somebody else, and reads from the descriptors that it gets.
 */
#ifndef CONF_OPENER_H
#define CONF_OPENER_H

struct opener {
    /* A descriptor to read from, the caller's to close; or -1 with errno, perhaps one of those
     * below. */
    int (*open)(void *context, const char *path);
    void *context;
};

/* What open(2) does not say of a file that is only read. */
#define OPENER_OUTSIDE   EXDEV        /* beyond what may be opened since the start */
#define OPENER_FORBIDDEN EKEYREJECTED /* it is for zonegen only */
#define OPENER_GONE      EPIPE        /* who opens files has ended */

/* Opens a file for reading; `flags` of open(2) are added where `opener` is NULL, which is open(2)
 * itself. */
int opener_open(const struct opener *opener, const char *path, int flags);

/* What one of the three above means, NULL for other errno values; and the same with the words of
 * strerror for these. The text is nobody's to free. */
const char *opener_explain(int error);
const char *opener_error(int error);

#endif
