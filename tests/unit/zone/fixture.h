/* The entry of DESIGN §3 and §4, a zone to publish it in, and shorthands to look at the result. */
#ifndef TESTS_UNIT_ZONE_FIXTURE_H
#define TESTS_UNIT_ZONE_FIXTURE_H

#include "tests/unit/check.h"

#include "conf/units.h"
#include "zone/build.h"
#include "zone/card.h"
#include "zone/view.h"

#include <stdlib.h>
#include <string.h>

#define FIXTURE_CONTACTS 12
#define FIXTURE_LABELS   3
#define FIXTURE_ENTRIES  4

struct fixture {
    struct config_nameserver nameservers[3];
    struct config_zone zone;
    struct phone phones[FIXTURE_ENTRIES][FIXTURE_CONTACTS][2];
    struct contact contacts[FIXTURE_ENTRIES][FIXTURE_CONTACTS];
    struct entry_label labels[FIXTURE_ENTRIES][FIXTURE_LABELS];
    struct entry entries[FIXTURE_ENTRIES];
    struct contacts all;
    struct delegated delegated_items[3];
    struct delegated_list delegated;
    struct build_rules rules;
    struct prefix addresses[2];
    struct arena *arena;
    struct diag *diag;
    struct build *build;
};

static inline int32_t days(const char *date)
{
    int32_t value = 0;
    assert_int_equal(units_date(date, &value), STATUS_OK);
    return value;
}

static inline struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return name;
}

static inline struct contact *add_contact(struct fixture *f, size_t entry, const char *id,
                                          unsigned roles)
{
    struct entry *e = &f->entries[entry];
    struct contact *contact = &f->contacts[entry][e->contact_count];
    struct phone *phones = f->phones[entry][e->contact_count++];
    *contact = (struct contact){
        .place = {e->file, 20, 1},
        .id = id,
        .roles = roles,
        .order = (unsigned)e->contact_count,
        .name = "Somebody",
        .phone_count = 1,
        .phones = phones,
        .email = "noc@nic.example",
        .hours = "24x7",
    };
    phones[0] = (struct phone){"+442079460100", false};
    f->all.contact_count++;
    return contact;
}

static inline struct entry *add_entry(struct fixture *f, const char *file, const char *a_label,
                                      const char *territory)
{
    size_t index = f->all.entry_count++;
    struct entry *entry = &f->entries[index];
    f->labels[index][0] =
        (struct entry_label){.place = {file, 1, 6}, .a_label = a_label, .territory = territory};
    *entry = (struct entry){
        .file = file,
        .place = {file, 1, 6},
        .label_count = 1,
        .labels = f->labels[index],
        .registry = "Some Registry",
        .verified_days = days("2026-11-01"),
        .verified_by = "callback",
        .contacts = f->contacts[index],
    };
    return entry;
}

static inline void add_label(struct fixture *f, size_t entry, const char *a_label,
                             const char *u_label, const char *upper)
{
    f->labels[entry][f->entries[entry].label_count++] = (struct entry_label){
        .place = {f->entries[entry].file, 3, 5},
        .a_label = a_label,
        .u_label = u_label,
        .upper = upper,
        .territory = f->labels[entry][0].territory,
    };
}

/* DESIGN §3: what `dig +short TXT xa.cc.example | sort` shows is made from this. */
static inline void add_xanadu(struct fixture *f)
{
    struct entry *entry = add_entry(f, "contacts/xa.yaml", "xa", "Xanadu");
    size_t at = f->all.entry_count - 1;
    entry->registry = "Xanadu Network Information Centre";

    struct contact *security = add_contact(f, at, "security", ROLE_SECURITY);
    security->name = "Xanadu CSIRT";
    f->phones[at][0][0].number = "+442079460101";
    security->email = "csirt@nic-xa.example";
    security->timezone = "Europe/London";
    security->languages = "en,fr";
    security->pgp = "0123456789ABCDEF0123456789ABCDEF01234567";

    struct contact *dns = add_contact(f, at, "dns", ROLE_DNS);
    dns->name = "DNS operations";
    f->phones[at][1][0].number = "+442079460102";
    dns->email = "dns.ops@nic-xa.example";
    dns->hours = "Mo-Fr 08:00-18:00";
    dns->timezone = "Europe/London";
    dns->languages = "en,fr";
}

static inline void fixture_zone(struct fixture *f, const char *domain)
{
    char hostmaster[300];
    snprintf(hostmaster, sizeof hostmaster, "hostmaster.%s", domain);
    f->nameservers[0] = (struct config_nameserver){.name = name_of("ns2.example.net")};
    f->zone = (struct config_zone){
        .domain = name_of(domain),
        .nameserver_count = 1,
        .nameservers = f->nameservers,
        .hostmaster = name_of(hostmaster),
        .ttl = 14400,
        .negative_ttl = 300,
        .refresh = 3600,
        .retry = 900,
        .expire = 2419200,
        .place = {"contactd.conf", 30, 5},
    };
}

static inline void fixture_start(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    fixture_zone(f, "cc.example");
    f->all.entries = f->entries;
    f->delegated_items[0] = (struct delegated){.a_label = "xa", .territory = "Xanadu"};
    f->delegated_items[1] = (struct delegated){.a_label = "xb"};
    f->delegated_items[2] = (struct delegated){.a_label = "xn--e1a4c"};
    f->delegated = (struct delegated_list){.count = 3, .items = f->delegated_items};
    f->rules = (struct build_rules){
        .zone = &f->zone,
        .contacts = &f->all,
        .delegated = &f->delegated,
        .freshness = {150, 180, 400},
        .today = days("2026-11-22"),
    };
    f->arena = arena_create();
    f->diag = diag_create();
    assert_non_null(f->arena);
    assert_non_null(f->diag);
}

static inline struct node_source fixture_build(struct fixture *f)
{
    enum status status = build_open(&f->rules, f->arena, f->diag, &f->build);
    if (status != STATUS_OK)
        diag_print(f->diag, DIAG_GNU, stderr);
    assert_int_equal(status, STATUS_OK);
    build_stamp(f->build, 2026112201, 1795352400); /* 2026-11-22T13:00:00Z */
    return build_source(f->build);
}

static inline void fixture_end(struct fixture *f)
{
    build_close(f->build);
    diag_destroy(f->diag);
    arena_destroy(f->arena);
}

/* How many diagnostics a rule made; the last one through `out` where that is not NULL. */
static inline size_t diag_of(const struct fixture *f, const char *rule,
                             const struct diagnostic **out)
{
    size_t count = 0;
    for (size_t i = 0; i < diag_total(f->diag); i++) {
        const struct diagnostic *item = diag_at(f->diag, i);
        if (item->rule == NULL || strcmp(item->rule, rule) != 0)
            continue;
        count++;
        if (out != NULL)
            *out = item;
    }
    return count;
}

/* A TXT as dig +short prints it, for texts that need no escape: "one" "two". */
static inline void txt_shown(const struct rdata *rdata, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    while (at < rdata->length) {
        size_t length = rdata->octets[at++];
        assert_true(at + length <= rdata->length);
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s\"%.*s\"", used > 0 ? " " : "", (int)length,
                 (const char *)rdata->octets + at);
        at += length;
    }
}

/* Asserts the TXT records of a name, in order; `lines` ends in NULL, an empty list: no such name.
 */
static inline void assert_txt(const struct node_source *source, const char *owner,
                              const char *const *lines)
{
    struct name name = name_of(owner);
    struct node node;
    enum status status = source->find(source->state, name.octets, &node);
    if (lines[0] == NULL) {
        assert_int_equal(status, STATUS_NOT_FOUND);
        return;
    }
    assert_int_equal(status, STATUS_OK);
    const struct rrset *rrset = node_rrset(&node, TYPE_TXT);
    assert_non_null(rrset);
    for (size_t i = 0; i < rrset->count; i++) {
        char text[20000];
        assert_non_null(lines[i]);
        txt_shown(&rrset->items[i], text, sizeof text);
        assert_string_equal(text, lines[i]);
    }
    assert_null(lines[rrset->count]);
}

#define ASSERT_TXT(source, owner, ...)                                                             \
    assert_txt((source), (owner), (const char *const[]){__VA_ARGS__, NULL})
#define ASSERT_NONE(source, owner) assert_txt((source), (owner), (const char *const[]){NULL})

/* The RRset of a name, which must be there. Valid until the next find(). */
static inline struct rrset rrset_of(const struct node_source *source, const char *owner,
                                    uint16_t type)
{
    struct name name = name_of(owner);
    struct node node;
    assert_int_equal(source->find(source->state, name.octets, &node), STATUS_OK);
    const struct rrset *rrset = node_rrset(&node, type);
    assert_non_null(rrset);
    return *rrset;
}

#endif
