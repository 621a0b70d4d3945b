/*
 * One ccTLD's entry as its contacts file states it, checked and normalised, before it becomes
 * records (contacts(5) is the manual of the file). Everything points into the arena of the run.
 */
#ifndef CONTACTS_ENTRY_H
#define CONTACTS_ENTRY_H

#include "conf/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRY_MAX_ORDER 9

/* What one entry may hold. A TXT pair must fit one string of 255 octets with its key (DESIGN §3),
 * and nine contacts are what a card can number. */
#define ENTRY_MAX_PUBLISHED ENTRY_MAX_ORDER
#define ENTRY_MAX_CONTACTS  100 /* internal ones included */
#define ENTRY_MAX_LABELS    32  /* `tld` and `also`; India has 16 */
#define ENTRY_MAX_PHONES    4   /* per contact: four tel: and a mailto: share 10 x order + 0..9 */
#define ENTRY_MAX_LANGUAGES 16

#define ENTRY_MAX_REGISTRY_OCTETS  200
#define ENTRY_MAX_TERRITORY_OCTETS 64
#define ENTRY_MAX_NAME_OCTETS      64  /* ASCII */
#define ENTRY_MAX_NATIVE_OCTETS    200 /* a native form, UTF-8 */
#define ENTRY_MAX_NOTE_OCTETS      200
#define ENTRY_MAX_LANGUAGES_OCTETS 200 /* "en,fr,…" */
#define ENTRY_MAX_ID_OCTETS        15
#define ENTRY_MAX_COMMENT_OCTETS   1000 /* `comment` and `authorised`, never published */

enum role {
    ROLE_SECURITY = 1,
    ROLE_DNS = 2,
    ROLE_REGISTRATION = 4,
    ROLE_MANAGEMENT = 8,
    ROLE_CSIRT = 16,
};
#define ROLE_COUNT 5

enum visibility { VISIBILITY_PUBLIC, VISIBILITY_MEMBERS, VISIBILITY_INTERNAL };

/* A telephone number in E.164 form, "+442079460101". */
struct phone {
    const char *number;
    bool text_only; /* written "sms:…" */
};

struct contact {
    struct place place;
    const char *id;        /* [a-z0-9-]{1,15}; default: its first role */
    unsigned roles;        /* enum role, or-ed; at least one */
    unsigned order;        /* 1..9, unique within the entry */
    const char *name;      /* ASCII: name, or name-ascii where name is not */
    const char *name_l10n; /* the native form, UTF-8, or NULL */
    size_t phone_count;
    struct phone *phones;
    const char *email;     /* or NULL */
    const char *hours;     /* "24x7" or "Mo-Fr 08:00-18:00" */
    const char *wait;      /* as written, "15m", or NULL */
    const char *timezone;  /* IANA name, inherited; or NULL */
    const char *languages; /* "en,fr", inherited; or NULL */
    const char *pgp;       /* 40 or 64 upper-case hex digits, or NULL */
    const char *note;      /* or NULL */
    enum visibility visibility;
};

/* A label that the entry answers for: its `tld`, or one of `also`. */
struct entry_label {
    struct place place;
    const char *a_label;   /* lower case */
    const char *u_label;   /* UTF-8, or NULL where the A-label is no IDN */
    const char *upper;     /* the U-label in upper case, or NULL where there is none */
    const char *territory; /* ASCII: looked up, or the file's; NULL if unknown (tlds: any) */
};

struct entry {
    const char *file;
    struct place place; /* of `tld` */
    size_t label_count; /* labels[0] is `tld` */
    struct entry_label *labels;
    const char *registry;      /* ASCII */
    const char *registry_l10n; /* native, or NULL */
    int32_t verified_days;     /* days since 1970-01-01 */
    struct place verified_place;
    const char *verified_by; /* callback mail meeting import */
    size_t contact_count;
    struct contact *contacts; /* by `order`; internal ones included */
    /* Of a file that has not changed since it was published: `file`, the labels (without place and
     * territory), verified_days and the visibility of as many contacts are all that is known. The
     * records that it made, on day `as_of_days`, stand in the database. */
    bool is_summary;
    int32_t as_of_days; /* days since 1970-01-01 */
};

/* The name of one role bit: "security". */
const char *role_name(unsigned role);

/* The role bit of a name, 0 if it names none. */
unsigned role_from_name(const char *name);

/* True unless the contact is internal: what zones may hold, whatever their audience. */
bool contact_is_published(const struct contact *contact);

/* True when the mailbox's domain lies under the TLD of that A-label (`oob=no`); false for NULL. */
bool mailbox_is_under(const char *email, const char *a_label);

#endif
