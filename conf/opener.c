#include "conf/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int opener_open(const struct opener *opener, const char *path, int flags)
{
    if (opener != NULL)
        return opener->open(opener->context, path);
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
}

const char *opener_explain(int error)
{
    switch (error) {
    case OPENER_OUTSIDE:
        return "the sandbox has it closed, since no file of its folder was named at the start; "
               "needs a restart";
    case OPENER_FORBIDDEN:
        return "it lies with the contacts or the signing keys, which the server must not read; "
               "put it elsewhere";
    case OPENER_GONE:
        return "the process that opens files for the sandbox has ended, or hangs; needs a restart";
    default:
        return NULL;
    }
}

const char *opener_error(int error)
{
    const char *reason = opener_explain(error);
    return reason != NULL ? reason : strerror(error);
}
