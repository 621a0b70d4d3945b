/*
 * What contactd.conf says, as structs. One for the whole file; it never changes after it was read,
 * and a reload makes another one. The functions on it are in config.h.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include "conf/address.h"
#include "conf/arena.h"
#include "conf/diag.h"
#include "wire/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct config_log {
    enum log_target target;
    enum log_format format;
    enum log_level level; /* info */
};

struct config_server {
    size_t listen_count;
    struct endpoint *listen; /* 127.0.0.1@53, ::1@53 */
    unsigned workers;        /* 0: one per core */
    const char *user;        /* NULL: stay */
    const char *identity;    /* NULL: none; answers NSID and id.server */
    const char *version;     /* NULL: refused ("none"); default "contactd X.Y.Z" */
    uint16_t udp_max;        /* octets, 512..4096; 1232 */
    unsigned tcp_max;        /* connections in all; 1000 */
    unsigned tcp_per_client; /* per client address; 50 */
    unsigned tcp_idle_ms;    /* 10 s */
};

/* A TSIG key (RFC 8945). This version reads none: `key` is refused wherever it may stand. */
struct config_key {
    const char *id;
    struct name name;
    const char *algorithm; /* "hmac-sha256" … */
    const char *secret_file;
    struct place place;
};

struct config_remote {
    const char *id;
    size_t address_count;
    struct endpoint *addresses;   /* default port 53 */
    const struct config_key *key; /* NULL: none */
    struct place place;
};

enum acl_action { ACL_QUERY = 1, ACL_TRANSFER = 2 };

struct config_acl {
    const char *id;
    /* Who it is about: the prefixes of `address`, or the addresses of `remote`. Where both are
     * given both must hold, so only those addresses of `remote` are left that lie in `address`. */
    size_t prefix_count;
    struct prefix *prefixes;
    bool any_address;    /* neither is given: every address matches */
    size_t remote_count; /* `remote` as written, its addresses are among the prefixes already */
    const struct config_remote **remotes;
    const struct config_key *key;
    unsigned actions; /* enum acl_action, or-ed; all of them for `deny` without `action` */
    bool deny;
    struct place place;
};

enum audience { AUDIENCE_PUBLIC, AUDIENCE_MEMBERS };
enum serial_policy { SERIAL_UNIXTIME, SERIAL_COUNTER, SERIAL_DATE };

/* DNSSEC algorithm numbers that zonegen signs with (RFC 8624 §3.1). */
enum dnssec_algorithm { ALGORITHM_ECDSAP256SHA256 = 13, ALGORITHM_ED25519 = 15 };
enum dnssec_keys { DNSSEC_KEYS_CSK, DNSSEC_KEYS_KSK_ZSK };
enum dnssec_denial { DNSSEC_DENIAL_NSEC, DNSSEC_DENIAL_NSEC3 };
/* CDS and CDNSKEY: published, not, or in their form that asks for the DS to go (RFC 8078 §4). */
enum dnssec_cds { DNSSEC_CDS_ON, DNSSEC_CDS_OFF, DNSSEC_CDS_DELETE };

/* How zones are signed. */
struct config_policy {
    const char *id; /* "default": what zones have that name none */
    enum dnssec_algorithm algorithm;
    enum dnssec_keys keys;
    const char *key_dir;        /* <database>-keys */
    size_t resolver_count;      /* 0: those of resolv.conf(5) */
    struct endpoint *resolvers; /* asked by `zonegen key roll` and `report` */
    uint32_t rrsig_lifetime;    /* seconds from inception to expiration; 60d */
    uint32_t rrsig_refresh;     /* seconds before its expiration that a signature is renewed; 32d */
    enum dnssec_denial denial;
    enum dnssec_cds cds;
    struct place place;         /* `file` alone: the built-in policy */
    struct place refresh_place; /* of rrsig-refresh; `file` NULL: it is not written */
};

/* A name server of a zone, and its addresses where its name lies in the zone. */
struct config_nameserver {
    struct name name;
    size_t address_count;
    struct prefix *addresses; /* bits are 32 or 128 */
    struct place place;
};

/* What reaches records, here and in a policy, belongs into the digest of zonegen/command/shape.c.
 */
struct config_zone {
    struct name domain; /* lower case */
    enum audience audience;
    size_t nameserver_count; /* at least one */
    struct config_nameserver *nameservers;
    struct name hostmaster;                             /* as RNAME; default hostmaster.DOMAIN */
    uint32_t ttl, negative_ttl, refresh, retry, expire; /* seconds */
    enum serial_policy serial;
    bool zonemd;
    bool dnssec;
    const struct config_policy *policy; /* never NULL */
    size_t notify_count;
    const struct config_remote **notify;
    size_t acl_count; /* tried in order */
    const struct config_acl **acl;
    struct place place;
};

/* Days since `verified`; due < stale < expired. */
struct config_freshness {
    unsigned due_days, stale_days, expired_days; /* 150, 180, 400 */
};

struct config {
    struct arena *arena; /* owns everything below, the struct too */
    const char *path;
    struct config_server server;
    struct config_log log;
    struct config_freshness freshness;
    const char *database; /* required */
    struct place database_place;
    const char *contacts; /* NULL: not given; zonegen needs it */
    struct place contacts_place;
    bool tlds_any;         /* tlds: any */
    const char *tlds_file; /* tlds: FILE, or NULL for the built-in list */
    struct place tlds_place;
    size_t key_count, remote_count, acl_count, policy_count, zone_count;
    struct config_key *keys;
    struct config_remote *remotes;
    struct config_acl *acls;
    struct config_policy *policies; /* one with id "default" is always among them */
    struct config_zone *zones;
};

#endif
