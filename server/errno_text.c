#include "server/errno_text.h"

#include <stdio.h>
#include <string.h>

const char *errno_text(int error, char text[ERRNO_TEXT_OCTETS])
{
    /* Not strerror: it shares one buffer between threads. */
    const char *description = strerrordesc_np(error);
    if (!description) {
        snprintf(text, ERRNO_TEXT_OCTETS, "error %d", error);
        return text;
    }
    snprintf(text, ERRNO_TEXT_OCTETS, "%s", description);
    /* "Address" becomes "address", "RPC version" stays. */
    if (text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z')
        text[0] = (char)(text[0] + ('a' - 'A'));
    return text;
}
