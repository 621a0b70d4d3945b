#include "sign/keyfile_parts.h"

#include "wire/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DNSKEY_PROTOCOL 3
#define PUBLIC_KEY_RDF  3 /* the fourth field of DNSKEY */

/* The text that ldns leaves on the stack: its parser copies a key's lines into 16 kB there. */
#define STACK_OCTETS 20480

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

void keyfile_free_ldns(ldns_key *key)
{
    if (key != NULL)
        ldns_key_deep_free(key);
}

bool keyfile_derive(const ldns_key *key, uint8_t algorithm, struct keyfile *out)
{
    struct writer w = writer_of(out->dnskey, sizeof out->dnskey);

    ldns_rr *rr = ldns_key2rr(key);
    const ldns_rdf *public = rr != NULL ? ldns_rr_rdf(rr, PUBLIC_KEY_RDF) : NULL;
    writer_u16(&w, out->flags);
    writer_u8(&w, DNSKEY_PROTOCOL);
    writer_u8(&w, algorithm);
    if (public != NULL)
        writer_octets(&w, ldns_rdf_data(public), ldns_rdf_size(public));
    else
        w.failed = true;
    ldns_rr_free(rr);
    out->algorithm = algorithm;
    out->dnskey_octets = (uint8_t)writer_length(&w);
    out->tag = keyfile_tag(out->dnskey, out->dnskey_octets);
    return !w.failed;
}

/* Clears what ldns's parser left behind on the stack. */
__attribute__((noinline)) static void clear_stack(void)
{
    char octets[STACK_OCTETS];
    explicit_bzero(octets, sizeof octets);
}

/* ldns reads from a stream: one over the text, without a buffer that would keep a copy. */
static ldns_status parse(struct key_secret *secret, ldns_key **out)
{
    int line = 1;

    if (secret->length == 0)
        return LDNS_STATUS_SYNTAX_ERR;
    errno = 0; /* ENOMEM tells what ldns does not */
    FILE *in = fmemopen(secret->text, secret->length, "r");
    if (in == NULL)
        return LDNS_STATUS_MEM_ERR;
    setvbuf(in, NULL, _IONBF, 0);
    ldns_status status = ldns_key_new_frm_fp_l(out, in, &line);
    fclose(in);
    clear_stack();
    return status;
}

/* ldns takes much for a key: what counts is that the public key it yields is the one published. */
static bool belongs_to(const ldns_key *loaded, const struct keyfile *key)
{
    struct keyfile derived = {.flags = key->flags};

    return (unsigned)ldns_key_algorithm(loaded) == key->algorithm &&
           keyfile_derive(loaded, key->algorithm, &derived) &&
           derived.dnskey_octets == key->dnskey_octets &&
           memcmp(derived.dnskey, key->dnskey, key->dnskey_octets) == 0;
}

enum status keyfile_parse_secret(const char *path, struct key_secret *secret,
                                 const struct keyfile *key, struct diag *diag, ldns_key **out)
{
    ldns_key *loaded = NULL;

    ldns_status parsed = parse(secret, &loaded);
    if (parsed == LDNS_STATUS_MEM_ERR || (parsed != LDNS_STATUS_OK && errno == ENOMEM))
        return STATUS_SYSTEM; /* ldns says LDNS_STATUS_ERR as well */
    if (parsed != LDNS_STATUS_OK)
        return keyfile_complain(diag, path, "key-private",
                                "not a private key (%s); dnssec-keygen and ldns-keygen write one "
                                "that is",
                                ldns_get_errorstr_by_id(parsed));
    errno = 0;
    if (!belongs_to(loaded, key)) {
        const bool starved = errno == ENOMEM;
        keyfile_free_ldns(loaded);
        if (starved)
            return STATUS_SYSTEM;
        return keyfile_complain(diag, path, "key-pair",
                                "not the private half of the .key file beside it; bring the right "
                                "one back, or generate a new key");
    }
    *out = loaded;
    return STATUS_OK;
}

/*
 * Exchanges the key by one of OpenSSL's own making. ldns sets keys together with functions that
 * OpenSSL 3 calls legacy, and each signature with such a key looks for a provider again: a quarter
 * of its time.
 */
static enum status modernise(ldns_key *key)
{
    unsigned char *der = NULL;
    EVP_PKEY *old = ldns_key_evp_key(key);

    int octets = i2d_PrivateKey(old, &der);
    if (octets <= 0)
        return STATUS_SYSTEM;
    const unsigned char *at = der;
    EVP_PKEY *fresh = d2i_AutoPrivateKey(NULL, &at, octets);
    OPENSSL_clear_free(der, (size_t)octets);
    if (fresh == NULL)
        return STATUS_SYSTEM;
    EVP_PKEY_free(old);
    ldns_key_set_evp_key(key, fresh);
    return STATUS_OK;
}

enum status keyfile_load(const struct keyfile *key, struct diag *diag, void **out)
{
    struct key_secret secret = {.length = 0};
    ldns_key *loaded = NULL;

    enum status status = keyfile_read_secret(key->path, KEY_PLACE_OURS, diag, &secret);
    if (status == STATUS_OK)
        status = keyfile_parse_secret(key->path, &secret, key, diag, &loaded);
    explicit_bzero(&secret, sizeof secret);
    if (status == STATUS_OK)
        status = modernise(loaded);
    if (status != STATUS_OK)
        keyfile_free_ldns(loaded);
    else
        *out = loaded;
    return status;
}

void keyfile_unload(void *loaded)
{
    keyfile_free_ldns(loaded);
}
