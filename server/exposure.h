/*
 * What the account that serves could read and must not: signing keys and contacts. The sandbox
 * keeps the server's process from all files; this finds the day on which that is the only thing
 * that does.
 */
#ifndef SERVER_EXPOSURE_H
#define SERVER_EXPOSURE_H

#include "conf/config.h"

/*
 * Looks as the account that `user` names, or as the present one where that is who will serve. Says
 * nothing where the present account is another one that cannot become it, nor of root without
 * `user`, who reads everything and is warned of already.
 *
 *   diag   an error for a signing key where `user` is given, since it was given for that; without
 *          it a warning. A warning for contacts, where `user` is given: not all of them are secret
 */
void exposure_find(const struct config *config, struct diag *diag);

#endif
