/*
 * Looks whether a signature is one (RFC 4035 §5.3.3): of those that came with a zone that was
 * restored, which anyone may have edited. What zonegen signed itself is not looked at again.
 */
#ifndef SIGN_VERIFY_H
#define SIGN_VERIFY_H

#include "sign/keyfile.h"
#include "sign/signature.h"

/*
 * True when a key made this signature of these records as they would be signed here.
 *
 *   signature   read from RRSIG RDATA; its times are not looked at
 *   owner       of the records, any letter case
 *   zone        apex: the signer that it has to name
 *   canonical   scratch
 *
 * False also when memory is out: the records are then signed anew.
 */
bool signature_verifies(const struct signature *signature, const struct keyfile *key,
                        const struct name *owner, const struct name *zone,
                        const struct rrset *rrset, struct canonical *canonical);

#endif
