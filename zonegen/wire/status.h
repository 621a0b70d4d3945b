/*
 * The outcomes that functions of this project report. Octets from the net end as a status and
 * then as an RCODE; a person's file ends as a diagnostic (conf/diag.h); what the machine refuses is
 * logged once, where it happened, and travels on as STATUS_SYSTEM.
 */
#ifndef WIRE_STATUS_H
#define WIRE_STATUS_H

enum status {
    STATUS_OK,
    STATUS_NOT_FOUND, /* nothing there, and that is an answer */
    STATUS_MALFORMED, /* octets that break the rules of their format */
    STATUS_NO_SPACE,  /* a bounded buffer is full */
    STATUS_DENIED,    /* refused by policy */
    STATUS_INVALID,   /* what a person wrote is wrong; a diagnostic says where */
    STATUS_SYSTEM,    /* the machine refused; already logged */
};

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
