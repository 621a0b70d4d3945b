/* What an errno value means, as the end of a message: lower case, without a full stop. */
#ifndef SERVER_ERRNO_TEXT_H
#define SERVER_ERRNO_TEXT_H

#define ERRNO_TEXT_OCTETS 128

/* Writes "address already in use" for EADDRINUSE, and so on, and returns `text`. */
const char *errno_text(int error, char text[ERRNO_TEXT_OCTETS]);

#endif
