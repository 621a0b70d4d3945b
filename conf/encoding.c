#include "conf/encoding.h"

#include <stdbool.h>
#include <string.h>

struct alphabet {
    const char *digits;
    unsigned bits;  /* per digit */
    unsigned group; /* digits that end where an octet does; padded to it when `padded` */
    bool padded;
    bool any_case;
};

static const struct alphabet *alphabet_of(enum encoding encoding)
{
    static const struct alphabet alphabets[] = {
        [ENCODING_HEX] = {"0123456789abcdef", 4, 2, false, true},
        [ENCODING_BASE32HEX] = {"0123456789abcdefghijklmnopqrstuv", 5, 8, false, true},
        [ENCODING_BASE64] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6,
                             4, true, false},
    };
    return &alphabets[encoding];
}

void encoding_print(enum encoding encoding, const uint8_t *octets, size_t length, FILE *out)
{
    const struct alphabet *alphabet = alphabet_of(encoding);
    uint32_t bits = 0;
    unsigned bit_count = 0;
    unsigned digits = 0;

    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | octets[i];
        for (bit_count += 8; bit_count >= alphabet->bits; digits++) {
            bit_count -= alphabet->bits;
            putc_unlocked(alphabet->digits[bits >> bit_count & ((1u << alphabet->bits) - 1)], out);
        }
    }
    if (bit_count > 0) {
        unsigned last = bits << (alphabet->bits - bit_count) & ((1u << alphabet->bits) - 1);
        putc_unlocked(alphabet->digits[last], out);
        digits++;
    }
    for (; alphabet->padded && digits % alphabet->group != 0; digits++)
        putc_unlocked('=', out);
}

void encoding_base64(const uint8_t *octets, size_t length, char *text)
{
    const char *digits = alphabet_of(ENCODING_BASE64)->digits;

    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)octets[i] << 16;
        group |= left > 1 ? (uint32_t)octets[i + 1] << 8 : 0;
        group |= left > 2 ? octets[i + 2] : 0;
        *text++ = digits[group >> 18];
        *text++ = digits[group >> 12 & 63];
        *text++ = '=';
        *text++ = '=';
        if (left > 1)
            text[-2] = digits[group >> 6 & 63];
        if (left > 2)
            text[-1] = digits[group & 63];
    }
    *text = '\0';
}

struct decoding decoding_begin(enum encoding encoding)
{
    return (struct decoding){.encoding = encoding};
}

/* The value of a digit, or -1. */
static int digit_value(const struct alphabet *alphabet, char digit)
{
    if (alphabet->any_case && digit >= 'A' && digit <= 'Z')
        digit = (char)(digit | 0x20);
    const char *at = digit != '\0' ? strchr(alphabet->digits, digit) : NULL;
    return at != NULL ? (int)(at - alphabet->digits) : -1;
}

enum status decoding_text(struct decoding *decoding, const char *text, size_t length,
                          struct writer *w)
{
    const struct alphabet *alphabet = alphabet_of(decoding->encoding);

    for (size_t i = 0; i < length; i++) {
        if (alphabet->padded && text[i] == '=') {
            decoding->padding++;
            continue;
        }
        int value = digit_value(alphabet, text[i]);
        if (value < 0 || decoding->padding > 0)
            return STATUS_MALFORMED;
        decoding->digits++;
        decoding->bits = decoding->bits << alphabet->bits | (unsigned)value;
        decoding->bit_count += alphabet->bits;
        if (decoding->bit_count >= 8) {
            decoding->bit_count -= 8;
            writer_u8(w, (uint8_t)(decoding->bits >> decoding->bit_count));
        }
    }
    return STATUS_OK;
}

enum status decoding_end(const struct decoding *decoding)
{
    const struct alphabet *alphabet = alphabet_of(decoding->encoding);
    unsigned left_over = decoding->bits & ((1u << decoding->bit_count) - 1);
    unsigned total = decoding->digits + decoding->padding;

    /* A whole digit that gave no octet's end, or bits that no octet holds: something is missing. */
    if (decoding->bit_count >= alphabet->bits || left_over != 0)
        return STATUS_MALFORMED;
    if (decoding->padding > 0 ? total % alphabet->group != 0 || decoding->padding > 2
                              : alphabet->padded && total % alphabet->group != 0)
        return STATUS_MALFORMED;
    return STATUS_OK;
}
