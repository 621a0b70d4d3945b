/*
 * The forms in which tools print a TSIG key, taken apart:
 *
 *   BIND    key "xfr" { algorithm hmac-sha256; secret "…"; };         tsig-keygen, rndc-confgen
 *   Knot    key: - id: xfr algorithm: hmac-sha256 secret: …           keymgr -t
 *   NSD     key: name: "xfr" algorithm: hmac-sha256 secret: "…"       nsd.conf, Unbound
 *   plain   …  name:…  hmac-sha256:name:…  name:…:hmac-sha256         dig -y, kdig -y, drill -y
 *
 * As these programs do, it minds blanks, not lines. Comments are those of all of them. A file may
 * hold several keys in one form. Knows nothing of which key is wanted (secret.h).
 *
 * No message repeats what stands in the file where a secret may stand.
 */
#ifndef CONF_SECRET_FILE_H
#define CONF_SECRET_FILE_H

#include "conf/diag.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>

#define SECRET_FILE_KEYS 64

/* A text in the file, without its quotes. */
struct secret_text {
    const char *at; /* NULL: it is not there */
    size_t length;
    struct place place;
};

struct secret_entry {
    struct secret_text name, algorithm, secret;
    bool is_plain; /* what stands for a name may be a secret in the wrong place */
};

struct secret_file {
    size_t count;
    struct secret_entry entries[SECRET_FILE_KEYS];
};

/*
 *   file   name for places, kept by pointer
 *   text   `length` octets; the entries point into it
 *
 * STATUS_OK (also for no key at all), or STATUS_INVALID with one diagnostic.
 */
MUST_CHECK enum status secret_file_parse(const char *file, const char *text, size_t length,
                                         struct diag *diag, struct secret_file *out);

/* True for the name of an algorithm, known or not: "hmac-md5". No base64 has a '-'. */
bool secret_names_algorithm(const struct secret_text *text);

#endif
