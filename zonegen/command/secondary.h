/*
 * The configuration that makes another server a secondary of this one, in three steps: what a
 * remote may transfer and how it comes (secondary_choose.c), the words of each server's
 * configuration (secondary_print.c), and the command around both (secondary.c).
 *
 * Nothing reaches another program's configuration that its reader could take for anything but a
 * word: names of zones and keys are letters, digits, '-', '_' and '.' (conf/names.h, conf/value.c),
 * addresses are printed from octets, and what comes from the command line is checked here.
 */
#ifndef COMMAND_SECONDARY_H
#define COMMAND_SECONDARY_H

#include "command/context.h"
#include "conf/arena.h"
#include "conf/secret.h"

#include <stdbool.h>
#include <stdio.h>

struct secondary;

/* What a server can do, in the version of Debian 12. */
struct engine {
    const char *id;    /* as typed: "nsd" */
    const char *title; /* "NSD 4.6" */
    const char *folder;
    const char *file; /* its own configuration: "nsd.conf"; NULL: it reads a folder of files */
    const char *include, *include_end; /* around a path, what has it read another one */
    bool has_keys;                     /* TSIG */
    bool has_tls;                      /* transfers over TLS (RFC 9103) */
    bool has_certificates;             /* … with one of its own */
    bool has_acl;                      /* it can keep a zone to some clients */
    bool has_catalogs;                 /* RFC 9432 */
    bool has_groups;                   /* … and what is listed for members apart from the rest */
    bool has_keyed_catalogs;           /* … and asks for what is listed with the catalog's key */
    void (*print)(const struct secondary *secondary, FILE *out);
    /* The clause of one key. */
    void (*print_key)(const struct config_key *key, const char *secret, FILE *out);
};

/* A zone that the remote may transfer. */
struct secondary_zone {
    const struct config_zone *zone;
    const char *name;             /* "cc.example" */
    const struct config_key *key; /* that it comes with, or NULL */
    bool is_listed;               /* by the catalog: not to be configured */
};

struct secondary {
    struct context *context;
    struct arena *arena; /* owns what is below */
    const struct engine *engine;
    const struct config_remote *remote;
    const char *command; /* that prints it: "zonegen secondary nsd --remote ams" */
    size_t zone_count;
    struct secondary_zone *zones;
    const struct secondary_zone
        *catalog; /* the one that it is to read; one of the zones, or NULL */
    size_t key_count;
    const struct config_key **keys; /* that the zones need, each once */
    size_t address_count;
    const struct endpoint *addresses; /* of this server */
    bool tls;
    const char *tls_name;                /* in this server's certificate; where `tls` */
    const char *folder;                  /* of the files that the configuration names */
    char (*secrets)[SECRET_TEXT_OCTETS]; /* of the keys, in base64; NULL: in a file of their own */
};

/* Finds the engine by what was typed, or NULL. */
const struct engine *secondary_engine(const char *id);

/*
 * Chooses remote, zones, keys and addresses, from the configuration and the options.
 * STATUS_OK; STATUS_INVALID, said on standard error; STATUS_SYSTEM when memory is out. `out` has
 * its context, its arena and its engine.
 */
MUST_CHECK enum status secondary_choose(struct secondary *out);

/* ---- secondary_text.c: what the printers share ---- */

/* "contactd", or "contactd_KEY": what patterns, remotes and templates are called. In the arena. */
const char *secondary_id(const struct secondary *secondary, const struct config_key *key);

/* Prints a line of a comment, and a line that is to be written elsewhere. */
void secondary_note(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void secondary_elsewhere(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What every configuration begins with. */
void secondary_print_head(const struct secondary *secondary, FILE *out);

/* The keys in place, or the line that includes them. */
void secondary_print_keys(const struct secondary *secondary, FILE *out);

/* "192.0.2.1" and its port. */
const char *secondary_address(const struct secondary *secondary, size_t n, unsigned *port);

/*
 * Calls `print` with each prefix whose clients may ask a zone here by their address alone, and with
 * this server's own addresses, since it asks for the serial to see whether the secondary has it.
 * For a zone that everyone may ask it is called with nobody.
 */
struct prefix_printer {
    FILE *out;
    const char *before, *after; /* each prefix */
};
void secondary_print_clients(const struct secondary *secondary, const struct config_zone *zone,
                             const struct prefix_printer *printer);

/* True for a zone that the engine must keep to some clients. */
bool secondary_is_closed(const struct config_zone *zone);

#endif
