/* What is wrong in the configuration file, as lines of log: where nobody sees stderr any more. */
#ifndef SERVER_DIAGNOSE_H
#define SERVER_DIAGNOSE_H

#include "conf/diag.h"
#include "server/log.h"

/* Logs every diagnostic as "FILE:LINE:COLUMN: message [rule]", at its severity's level. */
void diagnose(const struct diag *diag, struct log *log);

#endif
