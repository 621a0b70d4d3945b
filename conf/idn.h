/* Internationalised labels through libidn2 (RFC 5890). Knows ccTLD labels only: one label. */
#ifndef CONF_IDN_H
#define CONF_IDN_H

#include "wire/status.h"

#include <stddef.h>

#define IDN_LABEL_OCTETS 256 /* a U-label may exceed 63 octets of UTF-8; NUL included */

/*
 * The A-label (lower case) of `text`, one label, U-label or A-label.
 * STATUS_OK; STATUS_MALFORMED when it is not a label that IDNA2008 allows; STATUS_SYSTEM when
 * memory is out.
 */
MUST_CHECK enum status idn_to_a_label(const char *text, char out[IDN_LABEL_OCTETS]);

/* The U-label of an A-label; an ASCII label that is no A-label is copied. Same outcomes. */
MUST_CHECK enum status idn_to_u_label(const char *a_label, char out[IDN_LABEL_OCTETS]);

/*
 * The upper-case form of a U-label, where its script has letter case and the result differs:
 * STATUS_OK; STATUS_NOT_FOUND when there is none.
 */
MUST_CHECK enum status idn_upper(const char *u_label, char out[IDN_LABEL_OCTETS]);

#endif
