/* The names in class CHAOS that say who answers and with what software (RFC 4892). */
#ifndef SERVER_CHAOS_H
#define SERVER_CHAOS_H

#include "conf/config.h"
#include "wire/record.h"

#define CHAOS_TEXT_OCTETS 255

/* The text for a TXT (or ANY) question: version.bind and version.server, id.server and
 * hostname.bind; NULL for every other question and for what the configuration keeps to itself. */
const char *chaos_text(const struct config_server *server, const struct question *question);

/* Writes the TXT record, owned by the question's name, TTL 0. */
void chaos_write(struct writer *w, const char *text);

#endif
