/*
 * Denial by NSEC3 (RFC 5155 §7.2): what denial.h promises, for zones whose names are hashed. Called
 * by denial.c only.
 */
#ifndef STORE_DENIAL_NSEC3_H
#define STORE_DENIAL_NSEC3_H

#include "store/denial.h"

/* As denial_add(); also STATUS_NOT_FOUND when a proof is missing, STATUS_SYSTEM without SHA-1, and
 * STATUS_MALFORMED for a name that does not exist and whose hash does (RFC 5155 §7.2.9). */
MUST_CHECK enum status denial_nsec3_add(const struct denial_zone *zone,
                                        const struct denial_name *name, enum denial_claim claim,
                                        struct denial *denial);

#endif
