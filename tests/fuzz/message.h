/*
 * Mutation that knows what a DNS message is: its counts, names, records, the options of an OPT.
 * What is put into one is of the zones that the targets answer from, so that it leads somewhere.
 */
#ifndef FUZZ_MESSAGE_H
#define FUZZ_MESSAGE_H

#include "tests/fuzz/fuzz.h"

/* Changes one thing of a message of `length` octets in a buffer of `room`; returns the new length.
 * What is no message is changed by `plain`. */
size_t message_mutate(uint8_t *octets, size_t length, size_t room, unsigned seed,
                      fuzz_plain_mutation *plain);

#endif
