/* The words of each server's configuration. */
#include "command/secondary.h"

#include <string.h>

#define XFR_MAX_OCTETS "2000000000" /* of a transfer that NSD takes: a bound, not a size */

static const struct secondary_zone *zone_at(const struct secondary *secondary, size_t n)
{
    return &secondary->zones[n];
}

/* True for a zone that is configured by itself: no catalog lists it. */
static bool is_written(const struct secondary_zone *zone)
{
    return !zone->is_listed && !zone->zone->catalog;
}

/* Keys and none: each way in which a zone comes, once. */
static bool is_needed(const struct secondary *secondary, const struct config_key *key)
{
    for (size_t i = 0; i < secondary->zone_count; i++)
        if (secondary->zones[i].key == key)
            return true;
    return false;
}

/* Calls `print` for each key that zones come with, and for NULL where some come with none. */
static void for_each_way(const struct secondary *secondary, FILE *out,
                         void (*print)(const struct secondary *secondary,
                                       const struct config_key *key, FILE *out))
{
    if (is_needed(secondary, NULL))
        print(secondary, NULL, out);
    for (size_t i = 0; i < secondary->key_count; i++)
        print(secondary, secondary->keys[i], out);
}

/* ---- NSD ---- */

static void nsd_key(const struct config_key *key, const char *secret, FILE *out)
{
    fprintf(out, "key:\n    name: \"%s\"\n    algorithm: %s\n    secret: \"%s\"\n", key->id,
            tsig_algorithm_name(key->algorithm), secret);
}

static void nsd_tls(const struct secondary *secondary, FILE *out)
{
    if (!secondary->tls)
        return;
    fprintf(out, "tls-auth:\n    name: \"contactd\"\n    auth-domain-name: \"%s\"\n",
            secondary->tls_name);
    if (secondary->remote->cert_hostname != NULL)
        fprintf(out,
                "    client-cert: \"%s/contactd.pem\"\n    client-key: \"%s/contactd-pem.key\"\n",
                secondary->folder, secondary->folder);
}

static void nsd_pattern(const struct secondary *secondary, const struct config_key *key, FILE *out)
{
    const char *name = key != NULL ? key->id : "NOKEY";

    fprintf(out, "pattern:\n    name: \"%s\"\n    zonefile: \"%%s.zone\"\n",
            secondary_id(secondary, key));
    fputs("    size-limit-xfr: " XFR_MAX_OCTETS "\n", out);
    for (size_t i = 0; i < secondary->address_count; i++) {
        unsigned port;
        const char *address = secondary_address(secondary, i, &port);
        fprintf(out, "    request-xfr: %s@%u %s%s\n", address, port, name,
                secondary->tls ? " contactd" : "");
        fprintf(out, "    allow-notify: %s %s\n", address, name);
    }
}

static void nsd_print(const struct secondary *secondary, FILE *out)
{
    secondary_print_head(secondary, out);
    secondary_note(out, "Zone files go to 'zonesdir', which NSD must be able to write.");
    secondary_note(out, "NSD 4.6 reads no catalog: print this again when zones come or go.");
    if (secondary->tls)
        secondary_note(out, "'tls-cert-bundle' names who signs the certificates that NSD trusts.");
    fputc('\n', out);
    secondary_print_keys(secondary, out);
    nsd_tls(secondary, out);
    for_each_way(secondary, out, nsd_pattern);
    for (size_t i = 0; i < secondary->zone_count; i++) {
        const struct secondary_zone *zone = zone_at(secondary, i);
        const struct prefix_printer clients = {out, "    allow-query: ", " NOKEY\n"};
        fprintf(out, "zone:\n    name: \"%s\"\n    include-pattern: \"%s\"\n", zone->name,
                secondary_id(secondary, zone->key));
        secondary_print_clients(secondary, zone->zone, &clients);
    }
}

/* ---- Knot ---- */

static void knot_key(const struct config_key *key, const char *secret, FILE *out)
{
    fprintf(out, "key:\n  - id: \"%s\"\n    algorithm: %s\n    secret: \"%s\"\n", key->id,
            tsig_algorithm_name(key->algorithm), secret);
}

static void knot_remote(const struct secondary *secondary, const struct config_key *key, FILE *out)
{
    fprintf(out, "  - id: \"%s\"\n    address: [ ", secondary_id(secondary, key));
    for (size_t i = 0; i < secondary->address_count; i++) {
        unsigned port;
        const char *address = secondary_address(secondary, i, &port);
        fprintf(out, "%s\"%s@%u\"", i > 0 ? ", " : "", address, port);
    }
    fputs(" ]\n", out);
    if (key != NULL)
        fprintf(out, "    key: \"%s\"\n", key->id);
}

static void knot_acl(const struct secondary *secondary, const struct config_key *key, FILE *out)
{
    const char *id = secondary_id(secondary, key);
    fprintf(out, "  - id: \"%s\"\n    remote: \"%s\"\n    action: notify\n", id, id);
}

/* Zones that are kept to some: each has its own list. A catalog needs none, Knot shows it to
 * nobody; its list is for members' zones, where it lists none yet. */
static void knot_clients(const struct secondary *secondary, FILE *out)
{
    bool begun = false;

    for (size_t i = 0; i < secondary->zone_count; i++) {
        const struct secondary_zone *zone = zone_at(secondary, i);
        const struct prefix_printer clients = {out, "    address: \"", "\"\n"};
        if (zone->zone->audience != AUDIENCE_MEMBERS ||
            (zone->zone->catalog && zone != secondary->catalog))
            continue;
        if (!begun)
            fputs("mod-queryacl:\n", out);
        begun = true;
        fprintf(out, "  - id: \"contactd_%s\"\n", zone->name);
        secondary_print_clients(secondary, zone->zone, &clients);
    }
}

/* What all zones have. The journal is all that Knot keeps: no zone file can go out of step. */
static void knot_item(const struct secondary *secondary, const char *what, const char *id,
                      const struct config_key *key, FILE *out)
{
    const char *way = secondary_id(secondary, key);
    fprintf(out, "  - %s: \"%s\"\n    master: \"%s\"\n    acl: \"%s\"\n", what, id, way, way);
    fputs("    journal-content: all\n    zonefile-load: none\n    zonefile-sync: -1\n", out);
}

static bool has_same_acls(const struct config_zone *a, const struct config_zone *b)
{
    size_t same = 0;
    while (same < a->acl_count && same < b->acl_count && a->acl[same] == b->acl[same])
        same++;
    return same == a->acl_count && same == b->acl_count;
}

/* Whose list of clients all zones have that a catalog lists for members; that of the catalog, which
 * lets nobody in but this server, where they differ or there are none. */
static const struct secondary_zone *knot_model(const struct secondary *secondary)
{
    const struct secondary_zone *model = NULL;

    for (size_t i = 0; i < secondary->zone_count; i++) {
        const struct secondary_zone *zone = zone_at(secondary, i);
        if (!zone->is_listed || zone->zone->audience != AUDIENCE_MEMBERS)
            continue;
        if (model != NULL && !has_same_acls(model->zone, zone->zone))
            return secondary->catalog;
        model = zone;
    }
    return model != NULL ? model : secondary->catalog;
}

/* What a catalog lists for one audience; named as its groups are (zone/catalog.h). */
static void knot_template(const struct secondary *secondary, enum audience audience, FILE *out)
{
    bool zonemd = true;

    for (size_t i = 0; i < secondary->zone_count; i++) {
        const struct secondary_zone *zone = zone_at(secondary, i);
        if (zone->is_listed && zone->zone->audience == audience)
            zonemd = zonemd && zone->zone->zonemd;
    }
    knot_item(secondary, "id", audience == AUDIENCE_PUBLIC ? "contactd-public" : "contactd-members",
              secondary->catalog->key, out);
    if (zonemd)
        fputs("    zonemd-verify: on\n", out);
    if (audience == AUDIENCE_MEMBERS)
        fprintf(out, "    module: \"mod-queryacl/contactd_%s\"\n", knot_model(secondary)->name);
}

static void knot_templates(const struct secondary *secondary, FILE *out)
{
    if (secondary->catalog == NULL)
        return;
    fputs("template:\n", out);
    knot_template(secondary, AUDIENCE_PUBLIC, out);
    if (secondary->catalog->zone->audience == AUDIENCE_MEMBERS)
        knot_template(secondary, AUDIENCE_MEMBERS, out);
}

static void knot_zone(const struct secondary *secondary, const struct secondary_zone *zone,
                      FILE *out)
{
    knot_item(secondary, "domain", zone->name, zone->key, out);
    if (zone->zone->zonemd)
        fputs("    zonemd-verify: on\n", out);
    if (secondary_is_closed(zone->zone) && !zone->zone->catalog)
        fprintf(out, "    module: \"mod-queryacl/contactd_%s\"\n", zone->name);
    if (zone == secondary->catalog)
        fprintf(out, "    catalog-role: interpret\n    catalog-template: [ contactd-public%s ]\n",
                zone->zone->audience == AUDIENCE_MEMBERS ? ", contactd-members" : "");
}

static void knot_print(const struct secondary *secondary, FILE *out)
{
    secondary_print_head(secondary, out);
    if (secondary->catalog != NULL)
        secondary_note(out, "Zones come and go with the catalog %s.", secondary->catalog->name);
    if (secondary->catalog != NULL)
        secondary_note(out,
                       "Knot tells nobody its serial: contactd cannot see whether it has come.");
    fputc('\n', out);
    secondary_print_keys(secondary, out);
    fputs("remote:\n", out);
    for_each_way(secondary, out, knot_remote);
    fputs("acl:\n", out);
    for_each_way(secondary, out, knot_acl);
    knot_clients(secondary, out);
    knot_templates(secondary, out);
    fputs("zone:\n", out);
    for (size_t i = 0; i < secondary->zone_count; i++) {
        const struct secondary_zone *zone = zone_at(secondary, i);
        if (is_written(zone) || zone == secondary->catalog)
            knot_zone(secondary, zone, out);
    }
}

/* ---- BIND ---- */

static void bind_key(const struct config_key *key, const char *secret, FILE *out)
{
    fprintf(out, "key \"%s\" {\n    algorithm %s;\n    secret \"%s\";\n};\n", key->id,
            tsig_algorithm_name(key->algorithm), secret);
}

static void bind_tls(const struct secondary *secondary, FILE *out)
{
    if (!secondary->tls)
        return;
    fputs("tls \"contactd\" {\n    protocols { TLSv1.3; };\n", out);
    fprintf(out, "    remote-hostname \"%s\";\n    ca-file \"%s/contactd-ca.pem\";\n",
            secondary->tls_name, secondary->folder);
    if (secondary->remote->cert_hostname != NULL)
        fprintf(out, "    cert-file \"%s/contactd.pem\";\n    key-file \"%s/contactd-pem.key\";\n",
                secondary->folder, secondary->folder);
    fputs("};\n", out);
}

static void bind_primaries(const struct secondary *secondary, const struct config_key *key,
                           FILE *out)
{
    fprintf(out, "primaries \"%s\" {\n", secondary_id(secondary, key));
    for (size_t i = 0; i < secondary->address_count; i++) {
        unsigned port;
        const char *address = secondary_address(secondary, i, &port);
        fprintf(out, "    %s port %u", address, port);
        if (key != NULL)
            fprintf(out, " key \"%s\"", key->id);
        fprintf(out, "%s;\n", secondary->tls ? " tls \"contactd\"" : "");
    }
    fputs("};\n", out);
}

static void bind_zone(const struct secondary *secondary, const struct secondary_zone *zone,
                      FILE *out)
{
    const struct prefix_printer clients = {out, " ", ";"};

    fprintf(out, "zone \"%s\" {\n    type secondary;\n    primaries { \"%s\"; };\n", zone->name,
            secondary_id(secondary, zone->key));
    fprintf(out, "    file \"%s.db\";\n    allow-transfer { none; };\n", zone->name);
    if (secondary_is_closed(zone->zone)) {
        fputs("    allow-query {", out);
        secondary_print_clients(secondary, zone->zone, &clients);
        fputs(" };\n", out);
    }
    fputs("};\n", out);
}

static void bind_print(const struct secondary *secondary, FILE *out)
{
    const struct secondary_zone *catalog = secondary->catalog;

    secondary_print_head(secondary, out);
    if (secondary->tls)
        secondary_note(out,
                       "The certificate of who signed this server's goes to %s/contactd-ca.pem.",
                       secondary->folder);
    secondary_note(out, "In its options, so that cards fit 512 octets below wildcards as well:");
    secondary_elsewhere(out, "minimal-responses yes;");
    if (catalog != NULL) {
        secondary_note(out, "and, for zones that come and go with the catalog %s:", catalog->name);
        secondary_elsewhere(out, "catalog-zones { zone \"%s\" default-primaries { \"%s\"; }; };",
                            catalog->name, secondary_id(secondary, catalog->key));
    }
    fputc('\n', out);
    secondary_print_keys(secondary, out);
    bind_tls(secondary, out);
    for_each_way(secondary, out, bind_primaries);
    for (size_t i = 0; i < secondary->zone_count; i++) {
        const struct secondary_zone *zone = zone_at(secondary, i);
        if (is_written(zone) || zone == catalog)
            bind_zone(secondary, zone, out);
    }
}

/* ---- PowerDNS ---- */

/* Its keys lie in its database: the file of keys is a script. */
static void powerdns_key(const struct config_key *key, const char *secret, FILE *out)
{
    fprintf(out, "pdnsutil import-tsig-key '%s' %s '%s'\n", key->id,
            tsig_algorithm_name(key->algorithm), secret);
}

static void powerdns_zone(const struct secondary *secondary, const struct secondary_zone *zone,
                          FILE *out)
{
    fprintf(out, "#     pdnsutil create-secondary-zone '%s'", zone->name);
    for (size_t i = 0; i < secondary->address_count; i++) {
        unsigned port;
        const char *address = secondary_address(secondary, i, &port);
        bool is_v6 = strchr(address, ':') != NULL;
        fprintf(out, " '%s%s%s:%u'", is_v6 ? "[" : "", address, is_v6 ? "]" : "", port);
    }
    fputc('\n', out);
    if (zone->key != NULL)
        secondary_elsewhere(out, "pdnsutil activate-tsig-key '%s' '%s' secondary", zone->name,
                            zone->key->id);
    if (zone == secondary->catalog)
        secondary_elsewhere(out, "pdnsutil set-kind '%s' consumer", zone->name);
}

static void powerdns_print(const struct secondary *secondary, FILE *out)
{
    const struct secondary_zone *catalog = secondary->catalog;

    secondary_print_head(secondary, out);
    secondary_note(out, "This goes to /etc/powerdns/pdns.d. Of the backends that Debian has only");
    secondary_note(out, "'lmdb' takes owner names in raw UTF-8. Then, once:");
    if (secondary->key_count > 0 && secondary->secrets == NULL)
        secondary_elsewhere(out, "sh %s/contactd.key", secondary->folder);
    for (size_t i = 0; i < secondary->key_count && secondary->secrets != NULL; i++) {
        fputs("#     ", out);
        powerdns_key(secondary->keys[i], secondary->secrets[i], out);
    }
    for (size_t i = 0; i < secondary->zone_count; i++) {
        const struct secondary_zone *zone = zone_at(secondary, i);
        if (is_written(zone) || zone == catalog)
            powerdns_zone(secondary, zone, out);
    }
    if (catalog != NULL)
        secondary_note(out, "Other zones come and go with the catalog %s.", catalog->name);
    else if (secondary->key_count > 0)
        secondary_note(out, "It asks for what a catalog lists without a key, hence one by one.");
    fputs("\nsecondary=yes\n8bit-dns=yes\n", out);
}

/* ---- Unbound ---- */

static void unbound_zone(const struct secondary *secondary, const struct secondary_zone *zone,
                         FILE *out)
{
    fprintf(out, "auth-zone:\n    name: \"%s\"\n", zone->name);
    for (size_t i = 0; i < secondary->address_count; i++) {
        unsigned port;
        const char *address = secondary_address(secondary, i, &port);
        fprintf(out, "    primary: \"%s@%u%s%s\"\n", address, port, secondary->tls ? "#" : "",
                secondary->tls ? secondary->tls_name : "");
    }
    fputs("    fallback-enabled: no\n    for-downstream: yes\n    for-upstream: yes\n", out);
    if (zone->zone->zonemd)
        fputs("    zonemd-check: yes\n    zonemd-reject-absence: yes\n", out);
    fprintf(out, "    zonefile: \"%s.zone\"\n", zone->name);
}

static void unbound_print(const struct secondary *secondary, FILE *out)
{
    secondary_print_head(secondary, out);
    secondary_note(out, "Zone files go to 'directory', which Unbound must be able to write.");
    secondary_note(out, "Unbound reads no catalog: print this again when zones come or go.");
    if (secondary->tls)
        secondary_note(out, "'tls-cert-bundle' names who signs the certificates that it trusts.");
    fputc('\n', out);
    for (size_t i = 0; i < secondary->zone_count; i++)
        unbound_zone(secondary, zone_at(secondary, i), out);
}

/* ---- all of them ---- */

// NOLINTNEXTLINE(readability-function-size): a table
const struct engine *secondary_engine(const char *id)
{
    static const struct engine engines[] = {
        {.id = "nsd",
         .title = "NSD 4.6",
         .folder = "/etc/nsd",
         .file = "nsd.conf",
         .include = "include: \"",
         .include_end = "\"",
         .has_keys = true,
         .has_tls = true,
         .has_certificates = true,
         .has_acl = true,
         .print = nsd_print,
         .print_key = nsd_key},
        {.id = "knot",
         .title = "Knot DNS 3.2",
         .folder = "/etc/knot",
         .file = "knot.conf",
         .include = "include: \"",
         .include_end = "\"",
         .has_keys = true,
         .has_acl = true,
         .has_catalogs = true,
         .has_groups = true,
         .has_keyed_catalogs = true,
         .print = knot_print,
         .print_key = knot_key},
        {.id = "bind",
         .title = "BIND 9.18",
         .folder = "/etc/bind",
         .file = "named.conf",
         .include = "include \"",
         .include_end = "\";",
         .has_keys = true,
         .has_tls = true,
         .has_certificates = true,
         .has_acl = true,
         .has_catalogs = true,
         .has_keyed_catalogs = true,
         .print = bind_print,
         .print_key = bind_key},
        {.id = "powerdns",
         .title = "PowerDNS 4.7",
         .folder = "/etc/powerdns",
         .has_keys = true,
         .has_catalogs = true,
         .print = powerdns_print,
         .print_key = powerdns_key},
        {.id = "unbound",
         .title = "Unbound 1.17",
         .folder = "/etc/unbound",
         .file = "unbound.conf",
         .include = "include: \"",
         .include_end = "\"",
         .print = unbound_print},
    };

    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++)
        if (strcmp(engines[i].id, id) == 0)
            return &engines[i];
    return NULL;
}
