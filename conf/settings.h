/*
 * What contactd.conf says, as structs. One for the whole file; it never changes after it was read,
 * and a reload makes another one. The functions on it are in config.h.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include "conf/address.h"
#include "conf/arena.h"
#include "conf/diag.h"
#include "conf/opener.h"
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
    struct endpoint *listen;        /* 127.0.0.1@53, ::1@53 */
    unsigned workers;               /* 0: one per core */
    const char *user;               /* NULL: stay */
    bool sandbox;                   /* on */
    const char *identity;           /* NULL: none; answers NSID and id.server */
    const char *version;            /* NULL: refused ("none"); default "contactd X.Y.Z" */
    uint16_t udp_max;               /* octets, 512..4096; 1232 */
    unsigned tcp_max;               /* connections in all; 1000 */
    unsigned tcp_per_client;        /* per client address; 50 */
    unsigned tcp_idle_ms;           /* 10 s */
    size_t tls_listen_count;        /* 0: no TLS */
    struct endpoint *tls_listen;    /* default port 853 */
    const char *tls_cert;           /* PEM, the chain; NULL: not given */
    const char *tls_key;            /* PEM */
    const char *tls_ca;             /* PEM: who signs clients' certificates; NULL: nobody */
    bool cookies;                   /* on (RFC 7873) */
    const char *cookie_secret_file; /* NULL: a secret of its own at each start */
    uint16_t nocookie_udp_max;      /* octets, 512..udp_max; 0: as udp_max */
    bool rrl;                       /* response rate limiting; off */
    unsigned rrl_rate;              /* answers a second for a prefix and kind; 200 */
    uint32_t rrl_octets;            /* octets a second for a prefix; 256K */
    unsigned rrl_slip;              /* each so many limited answers is sent truncated; 0: none; 2 */
    size_t rrl_exempt_count;
    struct prefix *rrl_exempt; /* 127.0.0.0/8, ::1 */
    const char *control;       /* UNIX socket; NULL: none */
    unsigned control_mode;     /* 0660 */
    const char *control_group; /* NULL: that of the process */
};

/* RFC 8945 §6. hmac-sha1 verifies what others sign with it; nothing of ours begins with it. */
enum tsig_algorithm { TSIG_HMAC_SHA256, TSIG_HMAC_SHA384, TSIG_HMAC_SHA512, TSIG_HMAC_SHA1 };

/* A TSIG key (RFC 8945). Its secret is read by who uses it (server/keyring.h). */
struct config_key {
    const char *id;
    struct name name;              /* its id as a domain name, lower case */
    enum tsig_algorithm algorithm; /* hmac-sha256 */
    const char *secret_file;
    struct place place;
};

struct config_remote {
    const char *id;
    size_t address_count;
    struct endpoint *addresses; /* default port 53 */
    struct prefix *hosts;       /* the same, without ports: `address_count` of them */
    size_t key_count;           /* the first signs what is sent there; any is good to come with */
    const struct config_key **keys;
    bool tls;                  /* who comes as this remote comes by TLS */
    const char *cert_hostname; /* … and with a certificate of this name; NULL: with any or none */
    struct place place;
};

enum acl_action { ACL_QUERY = 1, ACL_TRANSFER = 2 };

struct config_acl {
    const char *id;
    /* Who it is about: all that is given must hold. */
    bool has_prefixes; /* `address` is given: one of these */
    size_t prefix_count;
    struct prefix *prefixes;
    bool has_remotes; /* `remote` is given: one of these, with what it comes with */
    size_t remote_count;
    const struct config_remote **remotes;
    size_t key_count; /* one of these; 0: no key is asked for */
    const struct config_key **keys;
    const char *cert_hostname; /* a verified client certificate of this name; NULL: not asked for */
    unsigned actions;          /* enum acl_action, or-ed; all of them for `deny` without `action` */
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

/* How much of a zone's past is kept for IXFR and rollback: what is younger than `seconds`, as long
 * as all of it takes no more than `octets`. */
struct config_history {
    uint32_t seconds; /* 0: nothing is kept */
    uint64_t octets;
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
    bool catalog;       /* it lists the other zones (RFC 9432) instead of contacts */
    enum audience audience;
    size_t nameserver_count; /* at least one, but of a catalog */
    struct config_nameserver *nameservers;
    struct name hostmaster;                             /* as RNAME; default hostmaster.DOMAIN */
    uint32_t ttl, negative_ttl, refresh, retry, expire; /* seconds */
    enum serial_policy serial;
    bool zonemd;
    bool dnssec;
    const struct config_policy *policy; /* never NULL */
    struct config_history history;
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
    const struct opener *opener; /* how what it names is opened; NULL: open(2) */
    size_t file_count;           /* files it was read from, `path` among them */
    const char **files;
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
