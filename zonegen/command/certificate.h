/* The names in a certificate, as far as a command needs them. */
#ifndef COMMAND_CERTIFICATE_H
#define COMMAND_CERTIFICATE_H

#include "wire/name.h"

/*
 * Reads the first DNS name of a machine in the first certificate of a PEM file (RFC 9525 §6.3: its
 * alternative names count, not its subject), in lower case.
 *
 * STATUS_OK; STATUS_NOT_FOUND when the certificate has none but wildcards; STATUS_SYSTEM when the
 * file cannot be read (errno says why, 0: it holds no certificate).
 */
MUST_CHECK enum status certificate_name(const char *path, struct name *out);

#endif
