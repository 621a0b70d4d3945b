/* One target as libFuzzer calls it. FUZZ_TARGET is its variable's name. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length);
size_t LLVMFuzzerMutate(uint8_t *octets, size_t length, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *octets, size_t length, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    FUZZ_TARGET.run(octets, length);
    return 0;
}

/* Every other mutation is libFuzzer's own: what no form allows must be tried too. */
size_t LLVMFuzzerCustomMutator(uint8_t *octets, size_t length, size_t room, unsigned seed)
{
    if (!FUZZ_TARGET.mutate || seed % 2 == 0)
        return LLVMFuzzerMutate(octets, length, room);
    return FUZZ_TARGET.mutate(octets, length, room, seed / 2, LLVMFuzzerMutate);
}
