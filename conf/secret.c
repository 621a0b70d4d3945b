#include "conf/secret.h"

#include "conf/secret_file.h"
#include "conf/secret_load.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A path, an id, and words. */
#define ADVICE_OCTETS 4400

static const struct {
    const char *name;
    size_t octets;
} algorithms[] = {
    [TSIG_HMAC_SHA256] = {"hmac-sha256", 32},
    [TSIG_HMAC_SHA384] = {"hmac-sha384", 48},
    [TSIG_HMAC_SHA512] = {"hmac-sha512", 64},
    [TSIG_HMAC_SHA1] = {"hmac-sha1", 20},
};

const char *tsig_algorithm_name(enum tsig_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

size_t tsig_algorithm_octets(enum tsig_algorithm algorithm)
{
    return algorithms[algorithm].octets;
}

void secret_clear(struct secret *secret)
{
    explicit_bzero(secret, sizeof *secret);
}

/* "hmac-sha256", in any case, with a final dot or without, as NSD has it also without "hmac-". */
static bool is_algorithm(const struct secret_text *text, const char *name)
{
    static const char hmac[] = "hmac-";
    size_t length = text->length;

    if (length > 0 && text->at[length - 1] == '.')
        length--;
    if (length < strlen(hmac) || strncasecmp(text->at, hmac, strlen(hmac)) != 0)
        name += strlen(hmac);
    return length == strlen(name) && strncasecmp(text->at, name, length) == 0;
}

static bool is_name(const struct secret_text *text, const struct name *name)
{
    struct name other;

    return name_from_text(&other, text->at, text->length) == STATUS_OK &&
           name_equals(other.octets, name->octets);
}

/* True for what may be shown: short, printable, and no place where a secret may stand. */
static bool is_showable(const struct secret_entry *entry, const struct secret_text *text)
{
    if (entry->is_plain || text->length == 0 || text->length > 40)
        return entry->is_plain && text == &entry->algorithm && secret_names_algorithm(text);
    for (size_t i = 0; i < text->length; i++)
        if (text->at[i] < '!' || text->at[i] > '~')
            return false;
    return true;
}

static enum status refuse_name(const struct config_key *key, const struct secret_entry *entry,
                               struct diag *diag)
{
    const struct secret_text *name = &entry->name;

    if (is_showable(entry, name))
        diag_error(diag, name->place, "secret-name", "names key %.*s, the configuration says %s",
                   (int)name->length, name->at, key->id);
    else
        diag_error(diag, name->place, "secret-name", "names another key, the configuration says %s",
                   key->id);
    return STATUS_INVALID;
}

static enum status refuse_algorithm(const struct config_key *key, const struct secret_entry *entry,
                                    struct diag *diag)
{
    const struct secret_text *algorithm = &entry->algorithm;
    const char *ours = tsig_algorithm_name(key->algorithm);

    if (is_showable(entry, algorithm))
        diag_error(diag, algorithm->place, "secret-algorithm",
                   "names algorithm %.*s, 'key' %s says %s", (int)algorithm->length, algorithm->at,
                   key->id, ours);
    else
        diag_error(diag, algorithm->place, "secret-algorithm",
                   "names another algorithm, 'key' %s says %s", key->id, ours);
    return STATUS_INVALID;
}

/* The entry that is meant; NULL after a diagnostic. */
static const struct secret_entry *choose(const struct config_key *key,
                                         const struct secret_file *file, struct diag *diag)
{
    const struct secret_entry *found = NULL;

    for (size_t i = 0; i < file->count; i++) {
        const struct secret_entry *entry = &file->entries[i];
        if (entry->name.at == NULL || !is_name(&entry->name, &key->name))
            continue;
        if (found != NULL) {
            diag_error(diag, entry->name.place, "secret-several", "holds key %s twice", key->id);
            return NULL;
        }
        found = entry;
    }
    if (found != NULL || (file->count == 1 && file->entries[0].name.at == NULL))
        return found != NULL ? found : &file->entries[0];
    struct place place = {.file = key->secret_file};
    if (file->count == 0)
        diag_error(diag, place, "secret-empty", "holds no key");
    else if (file->count > 1)
        diag_error(diag, place, "secret-several", "holds %zu keys, none of them named %s",
                   file->count, key->id);
    else
        (void)refuse_name(key, &file->entries[0], diag);
    return NULL;
}

static enum status refuse_secret(const struct secret_text *text, const char *rule,
                                 const char *message, struct diag *diag)
{
    diag_error(diag, text->place, rule, "%s", message);
    return STATUS_INVALID;
}

static enum status check_length(const struct config_key *key, const struct secret_text *text,
                                const struct secret *secret, struct diag *diag)
{
    size_t whole = tsig_algorithm_octets(key->algorithm);

    if (secret->length < SECRET_MIN_OCTETS) {
        diag_error(diag, text->place, "secret-short",
                   "a secret of %zu octets can be guessed; %zu would be right for %s",
                   secret->length, whole, tsig_algorithm_name(key->algorithm));
        return STATUS_INVALID;
    }
    if (secret->length < whole)
        diag_warning(diag, text->place, "secret-short",
                     "a secret of %zu octets is shorter than the hash of %s, which has %zu",
                     secret->length, tsig_algorithm_name(key->algorithm), whole);
    return STATUS_OK;
}

/* Decodes; the text is base64 with its padding (RFC 4648 §4), all of it. */
static enum status decode(const struct config_key *key, const struct secret_text *text,
                          struct diag *diag, struct secret *out)
{
    struct decoding decoding = decoding_begin(ENCODING_BASE64);
    struct writer w = writer_of(out->octets, sizeof out->octets);

    enum status status = decoding_text(&decoding, text->at, text->length, &w);
    if (status == STATUS_OK)
        status = decoding_end(&decoding);
    explicit_bzero(&decoding, sizeof decoding);
    if (text->length == 0)
        return refuse_secret(text, "secret-empty", "the secret is empty", diag);
    if (status != STATUS_OK)
        return refuse_secret(text, "secret-base64",
                             "the secret is not base64; its last '=' belong to it", diag);
    if (w.failed)
        return refuse_secret(text, "secret-long", "the secret has more than 512 octets", diag);
    out->length = writer_length(&w);
    return check_length(key, text, out, diag);
}

static enum status take_entry(const struct config_key *key, const struct secret_entry *entry,
                              struct diag *diag, struct secret *out)
{
    const char *algorithm = tsig_algorithm_name(key->algorithm);

    if (entry->algorithm.at != NULL && !is_algorithm(&entry->algorithm, algorithm))
        return refuse_algorithm(key, entry, diag);
    if (entry->secret.at == NULL)
        return refuse_secret(&entry->secret, "secret-empty", "the key has no secret", diag);
    return decode(key, &entry->secret, diag, out);
}

enum status secret_parse(const struct config_key *key, const char *text, size_t length,
                         struct diag *diag, struct secret *out)
{
    struct secret_file file;

    secret_clear(out);
    enum status status = secret_file_parse(key->secret_file, text, length, diag, &file);
    if (status != STATUS_OK)
        return status;
    const struct secret_entry *entry = choose(key, &file, diag);
    status = entry != NULL ? take_entry(key, entry, diag, out) : STATUS_INVALID;
    if (status != STATUS_OK)
        secret_clear(out);
    return status;
}

/* Nothing makes keys of hmac-sha1: those come from elsewhere. */
static const char *advise(const struct config_key *key, char text[ADVICE_OCTETS])
{
    if (key->algorithm == TSIG_HMAC_SHA1)
        return NULL;
    snprintf(text, ADVICE_OCTETS, "zonegen key tsig --algorithm %s --out %s %s",
             tsig_algorithm_name(key->algorithm), key->secret_file, key->id);
    return text;
}

struct taking {
    const struct config_key *key;
    struct secret *out;
};

static enum status take_text(void *state, const char *text, size_t length, struct diag *diag)
{
    const struct taking *taking = state;
    return secret_parse(taking->key, text, length, diag, taking->out);
}

enum status secret_read(const struct config_key *key, const struct opener *opener,
                        struct diag *diag, struct secret *out)
{
    char advice[ADVICE_OCTETS];
    const struct secret_source source = {key->secret_file, opener, advise(key, advice)};

    secret_clear(out);
    struct taking taking = {key, out};
    return secret_load(&source, diag, &(struct secret_taker){take_text, &taking});
}

void secret_to_text(const struct secret *secret, char text[SECRET_TEXT_OCTETS])
{
    encoding_base64(secret->octets, secret->length, text);
}
