/*
 * Memory for OpenSSL, whose setting up cannot do without: where an allocation fails there, OpenSSL
 * 3.0 goes on with what it did not get.
 */
#ifndef SIGN_CRYPTO_MEMORY_H
#define SIGN_CRYPTO_MEMORY_H

/* Ends the process for want of memory: one line on standard error, exit status 1. */
_Noreturn void crypto_memory_end(void);

/*
 * From here on, an allocation of OpenSSL's that fails ends the process so. That is safe at any
 * moment, as a SIGKILL is: a change of the database that is under way was not committed, and LMDB
 * leaves nothing of it; nothing of OpenSSL's is called while a change is committed or a key file
 * written. Not for a server.
 *
 * To be called before anything of OpenSSL's is.
 */
void crypto_memory_end_without(void);

#endif
