/* How a read or a write that does not wait went: over plain TCP, or over TLS, where a read may have
 * to write first, and a write to read. */
#ifndef SERVER_IO_H
#define SERVER_IO_H

enum io {
    IO_DONE,           /* at least one octet was taken */
    IO_WAITS_TO_READ,  /* nothing now; try again when the socket is readable */
    IO_WAITS_TO_WRITE, /* nothing now; try again when it is writable */
    IO_ENDED,          /* of reads: the other side has sent its last octet */
    IO_FAILED,         /* the connection is broken, for good */
};

#endif
