#include "conf/utf8.h"

/* The octets that a first octet announces, 0 for one that starts nothing. */
static size_t announced_octets(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2) /* a continuation, or an overlong form of two octets */
        return 0;
    if (first < 0xe0)
        return 2;
    if (first < 0xf0)
        return 3;
    return first < 0xf5 ? 4 : 0;
}

size_t utf8_decode(const char *octets, size_t length, uint32_t *out)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = (uint8_t)octets[0];
    size_t count = announced_octets(first);

    if (count == 0 || count > length)
        return 0;
    uint32_t character = count == 1 ? first : first & (0x7fu >> count);
    for (size_t i = 1; i < count; i++) {
        uint8_t octet = (uint8_t)octets[i];
        if ((octet & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (octet & 0x3f);
    }
    bool surrogate = character >= 0xd800 && character <= 0xdfff;
    if (character < smallest[count] || surrogate || character > 0x10ffff)
        return 0;
    *out = character;
    return count;
}

size_t utf8_encode(uint32_t character, char out[UTF8_MAX_OCTETS])
{
    static const uint8_t mark[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t count = 1;

    if (character >= 0x80)
        count = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = count; i-- > 1; character >>= 6)
        out[i] = (char)(0x80 | (character & 0x3f));
    out[0] = (char)(mark[count] | character);
    return count;
}

bool utf8_is_control(uint32_t character)
{
    if (character < 0x20 || (character >= 0x7f && character < 0xa0))
        return true;
    if (character == 0x2028 || character == 0x2029 || character == 0xfeff)
        return true;
    return character == 0xfffe || character == 0xffff;
}

bool utf8_is_bidi_control(uint32_t character)
{
    return (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}
