/* A key roll in plain words: where it stands, what to do, why it does not go on. */
#ifndef COMMAND_ROLL_WORDS_H
#define COMMAND_ROLL_WORDS_H

#include "command/roll_look.h"

/* "ECDSAP256SHA256 CSK 4711" for one key of a state. */
#define ROLL_KEY_OCTETS 64
const char *roll_key_text(const struct signing_state *state, const struct signing_key *key,
                          char text[ROLL_KEY_OCTETS]);

/* Prints on standard output the step that a roll has just come to, and what is to be done. */
void roll_say_step(struct context *context, const struct roll_look *look,
                   const struct signing_state *state);

/* Says on standard error why a roll does not go on; `state` was judged. */
void roll_say_refusal(struct context *context, const struct roll_look *look,
                      const struct signing_state *state, enum roll_verdict verdict, int64_t ready);

/* Prints on standard output where a zone's keys and its roll stand, and what each server shows. */
void roll_say_status(struct context *context, const struct roll_look *look);

#endif
