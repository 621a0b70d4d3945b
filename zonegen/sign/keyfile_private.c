#include "sign/keyfile_parts.h"

#include "conf/encoding.h"
#include "wire/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DNSKEY_PROTOCOL 3
#define PUBLIC_OCTETS   65 /* of P-256, with one for its form */
#define DER_OCTETS      64 /* more than a private key takes without its public half */

static enum status check_secret(const char *path, enum key_place place, const struct stat *info,
                                struct diag *diag)
{
    unsigned mode = info->st_mode & 07777;

    if (!S_ISREG(info->st_mode))
        return keyfile_complain(diag, path, "key-private", "not a file");
    if (place == KEY_PLACE_OURS && info->st_uid != geteuid() && info->st_uid != 0)
        return keyfile_complain(diag, path, "key-owner",
                                "belongs to user %lu, neither to this account nor to root; run: "
                                "chown %lu %s",
                                (unsigned long)info->st_uid, (unsigned long)geteuid(), path);
    if ((mode & 077) != 0)
        return keyfile_complain(diag, path, "key-mode",
                                "a private key of mode %04o, open to others; run: chmod 600 %s, "
                                "and consider a new key",
                                mode, path);
    if (info->st_size > KEYFILE_MAX_OCTETS)
        return keyfile_complain(diag, path, "key-private", "larger than %d octets; not a key",
                                KEYFILE_MAX_OCTETS);
    return STATUS_OK;
}

static enum status read_all(const char *path, int file, struct diag *diag, struct key_secret *out)
{
    out->length = 0;
    while (out->length < sizeof out->text) {
        ssize_t got = read(file, out->text + out->length, sizeof out->text - out->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return keyfile_complain(diag, path, "key-private", "cannot be read: %s",
                                    strerror(errno));
        if (got == 0)
            break;
        out->length += (size_t)got;
    }
    return STATUS_OK;
}

enum status keyfile_read_secret(const char *path, enum key_place place, struct diag *diag,
                                struct key_secret *out)
{
    struct stat info;

    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0 && (errno == EACCES || errno == EPERM))
        return keyfile_complain(diag, path, "key-private",
                                "this account (user %lu) may not read it; run zonegen as its "
                                "owner, or: chown %lu %s",
                                (unsigned long)geteuid(), (unsigned long)geteuid(), path);
    if (file < 0)
        return keyfile_complain(diag, path, "key-private", "cannot be read: %s", strerror(errno));
    enum status status = STATUS_OK;
    if (fstat(file, &info) != 0)
        status = keyfile_complain(diag, path, "key-private", "cannot be read: %s", strerror(errno));
    if (status == STATUS_OK)
        status = check_secret(path, place, &info, diag);
    if (status == STATUS_OK)
        status = read_all(path, file, diag, out);
    close(file);
    return status;
}

/* ---- OpenSSL's keys ---- */

/*
 * What stands around the secret in a private key in DER: of P-256 without its public half, which
 * OpenSSL computes (RFC 5915 §3), of Ed25519 (RFC 8410 §7).
 */
static const uint8_t ecdsa_head[] = {0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20};
static const uint8_t ecdsa_tail[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                     0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t ed25519_head[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

/* The key of a secret; NULL when it is none, or OpenSSL cannot. */
static EVP_PKEY *make_key(uint8_t algorithm, const uint8_t secret[KEYFILE_SECRET_OCTETS])
{
    bool is_ecdsa = algorithm == ALGORITHM_ECDSAP256SHA256;
    uint8_t octets[DER_OCTETS];
    struct writer w = writer_of(octets, sizeof octets);
    const uint8_t *at = octets;

    if (is_ecdsa)
        writer_octets(&w, ecdsa_head, sizeof ecdsa_head);
    else
        writer_octets(&w, ed25519_head, sizeof ed25519_head);
    writer_octets(&w, secret, KEYFILE_SECRET_OCTETS);
    if (is_ecdsa)
        writer_octets(&w, ecdsa_tail, sizeof ecdsa_tail);
    EVP_PKEY *key = d2i_PrivateKey(is_ecdsa ? EVP_PKEY_EC : EVP_PKEY_ED25519, NULL, &at,
                                   (long)writer_length(&w));
    explicit_bzero(octets, sizeof octets);
    return key;
}

bool keyfile_derive(const EVP_PKEY *key, uint8_t algorithm, struct keyfile *out)
{
    bool is_ecdsa = algorithm == ALGORITHM_ECDSAP256SHA256;
    struct writer w = writer_of(out->dnskey, sizeof out->dnskey);
    uint8_t octets[PUBLIC_OCTETS];
    size_t length = 0;

    const char *form = is_ecdsa ? OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY : OSSL_PKEY_PARAM_PUB_KEY;
    bool known = EVP_PKEY_get_octet_string_param(key, form, octets, sizeof octets, &length) == 1;
    size_t skipped = is_ecdsa ? 1 : 0; /* 4: not compressed (SEC 1 §2.3.3); not of RFC 6605 §4 */
    writer_u16(&w, out->flags);
    writer_u8(&w, DNSKEY_PROTOCOL);
    writer_u8(&w, algorithm);
    if (known && length > skipped)
        writer_octets(&w, octets + skipped, length - skipped);
    out->algorithm = algorithm;
    out->dnskey_octets = (uint8_t)writer_length(&w);
    out->tag = keyfile_tag(out->dnskey, out->dnskey_octets);
    return known && !w.failed;
}

bool keyfile_secret(const EVP_PKEY *key, uint8_t algorithm, uint8_t out[KEYFILE_SECRET_OCTETS])
{
    BIGNUM *number = NULL;
    size_t length = KEYFILE_SECRET_OCTETS;

    if (algorithm != ALGORITHM_ECDSAP256SHA256)
        return EVP_PKEY_get_raw_private_key(key, out, &length) == 1;
    bool known = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
                 BN_bn2binpad(number, out, KEYFILE_SECRET_OCTETS) == KEYFILE_SECRET_OCTETS;
    BN_clear_free(number);
    return known;
}

/* ---- the text of a private half ---- */

/* What a line has after `name`, which it begins with. False when no line does. */
static bool find_value(const struct key_secret *secret, const char *name, const char **value,
                       size_t *length)
{
    const char *line = secret->text;
    size_t left = secret->length;
    size_t octets = strlen(name);

    while (left > 0) {
        const char *newline = memchr(line, '\n', left);
        size_t whole = newline != NULL ? (size_t)(newline - line) : left;
        if (whole >= octets && memcmp(line, name, octets) == 0) {
            *value = line + octets;
            *length = whole - octets;
            while (*length > 0 && strchr(" \t\r", (*value)[*length - 1]) != NULL)
                --*length;
            return true;
        }
        left -= newline != NULL ? whole + 1 : whole;
        line += newline != NULL ? whole + 1 : whole;
    }
    return false;
}

/* The number of the algorithm, "13 (ECDSAP256SHA256)"; 0 when there is none. */
static unsigned long read_algorithm(const struct key_secret *secret)
{
    const char *value;
    size_t length;
    unsigned long number = 0;

    if (!find_value(secret, "Algorithm: ", &value, &length))
        return 0;
    for (size_t i = 0; i < length && i < 3 && value[i] >= '0' && value[i] <= '9'; i++)
        number = number * 10 + (unsigned)(value[i] - '0');
    return number;
}

/* The secret, with zeros before it where it was written shorter: ldns does so. */
static bool read_number(const struct key_secret *secret, uint8_t out[KEYFILE_SECRET_OCTETS])
{
    struct decoding decoding = decoding_begin(ENCODING_BASE64);
    uint8_t octets[KEYFILE_SECRET_OCTETS];
    struct writer w = writer_of(octets, sizeof octets);
    const char *value;
    size_t length;

    bool right = find_value(secret, "PrivateKey: ", &value, &length) &&
                 decoding_text(&decoding, value, length, &w) == STATUS_OK &&
                 decoding_end(&decoding) == STATUS_OK && !w.failed && writer_length(&w) > 0;
    memset(out, 0, KEYFILE_SECRET_OCTETS);
    if (right)
        memcpy(out + KEYFILE_SECRET_OCTETS - writer_length(&w), octets, writer_length(&w));
    explicit_bzero(octets, sizeof octets);
    explicit_bzero(&decoding, sizeof decoding);
    return right;
}

/* What is wrong with the text of a private half, or NULL. */
static const char *find_fault(const struct key_secret *secret)
{
    static const char format[] = "Private-key-format: v1.";
    const char *value;
    size_t length;

    if (secret->length < sizeof format || memcmp(secret->text, format, sizeof format - 1) != 0)
        return "it does not begin with 'Private-key-format: v1.'";
    if (read_algorithm(secret) == 0)
        return "it has no line 'Algorithm: '";
    return find_value(secret, "PrivateKey: ", &value, &length) ? NULL
                                                               : "it has no line 'PrivateKey: '";
}

/* What counts is that the public key that the secret yields is the one published. */
static bool belongs_to(const EVP_PKEY *made, const struct keyfile *key)
{
    struct keyfile derived = {.flags = key->flags};

    return keyfile_derive(made, key->algorithm, &derived) &&
           derived.dnskey_octets == key->dnskey_octets &&
           memcmp(derived.dnskey, key->dnskey, key->dnskey_octets) == 0;
}

enum status keyfile_parse_secret(const char *path, const struct key_secret *secret,
                                 const struct keyfile *key, struct diag *diag, EVP_PKEY **out)
{
    uint8_t number[KEYFILE_SECRET_OCTETS];
    EVP_PKEY *made = NULL;

    const char *fault = find_fault(secret);
    if (fault != NULL)
        return keyfile_complain(diag, path, "key-private",
                                "not a private key: %s; dnssec-keygen and ldns-keygen write one "
                                "that is",
                                fault);
    errno = 0; /* ENOMEM tells what OpenSSL does not */
    if (read_algorithm(secret) == key->algorithm && read_number(secret, number))
        made = make_key(key->algorithm, number);
    explicit_bzero(number, sizeof number);
    if (made != NULL && belongs_to(made, key)) {
        *out = made;
        return STATUS_OK;
    }
    const bool starved = errno == ENOMEM;
    EVP_PKEY_free(made);
    if (starved)
        return STATUS_SYSTEM;
    return keyfile_complain(diag, path, "key-pair",
                            "not the private half of the .key file beside it; bring the right "
                            "one back, or generate a new key");
}

enum status keyfile_load(const struct keyfile *key, struct diag *diag, void **out)
{
    struct key_secret secret = {.length = 0};
    EVP_PKEY *loaded = NULL;

    enum status status = keyfile_read_secret(key->path, KEY_PLACE_OURS, diag, &secret);
    if (status == STATUS_OK)
        status = keyfile_parse_secret(key->path, &secret, key, diag, &loaded);
    explicit_bzero(&secret, sizeof secret);
    if (status == STATUS_OK)
        *out = loaded;
    return status;
}

void keyfile_unload(void *loaded)
{
    EVP_PKEY_free(loaded);
}
