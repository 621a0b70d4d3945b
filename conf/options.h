/*
 * The option table: every item of contactd.conf with its section, the kind of its value, bounds,
 * default and the place in the structs of settings.h where it goes. contactd.conf(5) describes the
 * same; a test compares them.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_section {
    SECTION_TOP,
    SECTION_SERVER,
    SECTION_LOG,
    SECTION_FRESHNESS,
    SECTION_KEY,
    SECTION_REMOTE,
    SECTION_ACL,
    SECTION_POLICY,
    SECTION_ZONE,
};
#define SECTION_COUNT 9

enum option_kind {
    OPTION_SECTION,      /* one mapping */
    OPTION_LIST_SECTION, /* a list of mappings, or one mapping */
    OPTION_INCLUDE,      /* files to be read in this place */
    OPTION_NUMBER,       /* unsigned */
    OPTION_OCTETS,       /* uint16_t; K and so on */
    OPTION_SIZE,         /* uint32_t; the same */
    OPTION_SECONDS,      /* uint32_t */
    OPTION_MILLISECONDS, /* unsigned; written as seconds */
    OPTION_DAYS,         /* unsigned; whole days */
    OPTION_MODE,         /* unsigned; permissions of a file, octal */
    OPTION_HISTORY,      /* struct config_history: an age, a size, both, or off */
    OPTION_TEXT,         /* const char *; NULL for "none"; bounds in octets */
    OPTION_PATH,         /* const char *, relative to the file that names it */
    OPTION_TLDS,         /* struct config: "any" or a path */
    OPTION_ID,           /* const char * */
    OPTION_SWITCH,       /* bool: on, off */
    OPTION_WORD,         /* an enum: one of `words` */
    OPTION_WORDS,        /* unsigned: one or more of `words`, or-ed */
    OPTION_DOMAIN,       /* struct name, lower case */
    OPTION_MAILBOX,      /* struct name, as RNAME */
    OPTION_ENDPOINTS,    /* struct endpoint *, with a count; default port in `port` */
    OPTION_PREFIXES,     /* struct prefix *, with a count */
    OPTION_NAMESERVERS,  /* struct config_nameserver *, with a count */
    OPTION_KEYS,         /* const struct config_key **, with a count: ids */
    OPTION_REMOTES,      /* const struct config_remote **, with a count: ids */
    OPTION_ACLS,         /* const struct config_acl **, with a count: ids */
    OPTION_POLICY,       /* const struct config_policy *: an id */
};

struct option_word {
    const char *word; /* NULL ends a list */
    unsigned value;
};

struct option {
    enum option_section section; /* that it stands in */
    const char *item;
    enum option_kind kind;
    enum option_section opens; /* OPTION_SECTION, OPTION_LIST_SECTION */
    size_t offset;             /* in the struct of its section */
    size_t count_offset;       /* where the kind has a count */
    uint64_t least, most;      /* numbers, octets, seconds, days */
    const char *fallback; /* the default, as one would write it (a list: with blanks); or NULL */
    bool required;
    uint16_t port;
    const struct option_word *words;
};

/* The whole table. */
const struct option *option_table(size_t *count);
#define OPTION_MAX 100 /* the table has no more rows */

/* The option of that name in that section, or NULL. */
const struct option *option_find(enum option_section section, const char *item);

/* The first option of that name in any section, or NULL. */
const struct option *option_find_anywhere(const char *item);

/* The item of the section that is written most like it, or NULL when none is near. */
const char *option_suggest(enum option_section section, const char *item);

/* "server"; SECTION_TOP has no name: "". */
const char *option_section_name(enum option_section section);

#endif
