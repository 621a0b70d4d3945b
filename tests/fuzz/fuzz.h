/*
 * What is fuzzed. A target takes any octets and asserts what must hold whatever they are; crashes,
 * sanitizers and broken rules end the process. Each is linked twice: alone with libFuzzer
 * (entry.c), and all together into a program that replays the corpora (replay.c), which AFL++ can
 * drive too.
 *
 * In one process, without files or sockets that others see; what is made at the first run stays, so
 * that a run costs microseconds.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's own mutation of `length` octets in a buffer of `room`; returns the new length. */
typedef size_t fuzz_plain_mutation(uint8_t *octets, size_t length, size_t room);

struct fuzz_target {
    const char *name;
    void (*run)(const uint8_t *octets, size_t length);
    /* Mutation that knows the form of the input, or NULL: plain octets. */
    size_t (*mutate)(uint8_t *octets, size_t length, size_t room, unsigned seed,
                     fuzz_plain_mutation *plain);
};

extern const struct fuzz_target fuzz_config, fuzz_contacts, fuzz_control, fuzz_database, fuzz_edns,
    fuzz_reply, fuzz_secret, fuzz_service, fuzz_stored, fuzz_tcp, fuzz_tls, fuzz_transfer,
    fuzz_tsig, fuzz_udp, fuzz_wire, fuzz_zonefile;

/* Prints what was claimed, and aborts. */
_Noreturn void fuzz_broken(const char *claim, const char *file, int line);

#define RULE(claim) ((claim) ? (void)0 : fuzz_broken(#claim, __FILE__, __LINE__))

/*
 * The same octets, followed by a page that faults: one octet read too far is a crash, with a
 * sanitizer or without. Up to 128 KiB; good until the next call.
 */
const uint8_t *fuzz_flush(const uint8_t *octets, size_t length);

/* A file in memory with these octets: its path, good until the next call. */
const char *fuzz_file(const uint8_t *octets, size_t length);

#endif
