/* What there is to say of a secondary, in the words of the log and of contactctl. */
#ifndef SERVER_NOTIFY_WORDS_H
#define SERVER_NOTIFY_WORDS_H

#include "server/notify_progress.h"

#define RCODE_TEXT_OCTETS   24
#define TROUBLE_TEXT_OCTETS 160

/* "REFUSED"; "RCODE 11" for what no secondary should send. Returns a constant, or `text`. */
const char *rcode_text(unsigned rcode, char text[RCODE_TEXT_OCTETS]);

/* "in step", "behind". */
const char *notify_state_text(enum notify_state state);

/* "does not answer", "answers NOTIFY with REFUSED"; "" for none. Returns `text`. */
const char *notify_trouble_text(const struct notify_progress *progress,
                                char text[TROUBLE_TEXT_OCTETS]);

#endif
