#include "wire/constants.h"
#include "zone/rrtype.h"
#include "zone/zonefile.h"
#include "zone/zonefile_lex.h"
#include "zone/zonefile_rdata.h"
#include "zone/zonefile_spool.h"
#include "zone/zonefile_word.h"
#include "zone/zonefile_zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Errors shown of one file; whoever has more has one cause. */
#define MAX_ERRORS 100

#define RDATA_MAX_OCTETS UINT16_MAX

struct zonefile {
    struct zonefile_spool *spool;
    struct zonefile_records records;
    struct zonefile_zone *zone; /* NULL: none could be made */
};

/* One file being read. */
struct reading {
    const char *file;
    const struct name *apex; /* or NULL */
    struct diag *diag;
    struct zonefile_lex *lex;
    struct zonefile_scope scope;

    bool has_default; /* $TTL (RFC 2308 §4) */
    uint32_t default_ttl;
    bool has_last; /* the last TTL that stood at a record (RFC 1035 §5.1) */
    uint32_t last_ttl;
    struct zonefile_owner_copy owner; /* the last one stated */
    bool has_owner;
    bool owner_is_read; /* false: it could not be */

    struct zonefile_spool *spool;
    struct zonefile_records *records;
    size_t errors;
    uint8_t *rdata; /* RDATA_MAX_OCTETS */
};

/* What stands before the RDATA of an entry. */
struct head {
    size_t rdata; /* index of its first word */
    uint16_t type;
    bool has_ttl;
    uint32_t ttl;
    bool skip; /* no record of a zone */
};

static enum status complain(struct reading *reading, const struct zonefile_word *word,
                            const char *rule, const char *message)
{
    return zonefile_word_error(&reading->scope, word, rule, message);
}

static enum status directive_origin(struct reading *reading, const struct zonefile_word *name)
{
    struct name origin;
    enum status status = zonefile_word_name(&reading->scope, name, &origin);
    if (status != STATUS_OK)
        return status;
    reading->scope.origin = origin;
    reading->scope.has_origin = true;
    return STATUS_OK;
}

static enum status directive_ttl(struct reading *reading, const struct zonefile_word *ttl)
{
    uint32_t seconds;
    enum status status = zonefile_word_period(&reading->scope, ttl, DNS_TTL_MAX, &seconds);
    if (status != STATUS_OK)
        return status;
    reading->default_ttl = seconds;
    reading->has_default = true;
    return STATUS_OK;
}

static enum status read_directive(struct reading *reading, const struct zonefile_entry *entry)
{
    const struct zonefile_word *word = entry->words;
    bool origin = zonefile_word_is(word, "$ORIGIN");

    if (zonefile_word_is(word, "$INCLUDE"))
        return complain(reading, word, "zonefile-include",
                        "is not followed; put the zone into one file "
                        "(named-compilezone does that)");
    if (zonefile_word_is(word, "$GENERATE"))
        return complain(reading, word, "zonefile-generate",
                        "is not expanded; write the records out (named-compilezone does that)");
    if (!origin && !zonefile_word_is(word, "$TTL"))
        return complain(reading, word, "zonefile-directive",
                        "is not a directive; where it is a name, write \\$");
    if (entry->count != 2)
        return complain(reading, word, "zonefile-directive",
                        origin ? "is followed by one name" : "is followed by one time");
    return origin ? directive_origin(reading, word + 1) : directive_ttl(reading, word + 1);
}

/* Takes the owner that stands at the beginning of an entry. */
static enum status read_owner(struct reading *reading, const struct zonefile_word *word)
{
    struct name name;
    bool had_one = reading->owner_is_read;

    reading->has_owner = true;
    reading->owner_is_read = false;
    enum status status = zonefile_word_name(&reading->scope, word, &name);
    if (status != STATUS_OK)
        return status;
    reading->owner_is_read = true;
    if (!had_one || !zonefile_owner_is(&reading->owner.owner, name.octets))
        zonefile_owner_make(&reading->owner, &name);
    return STATUS_OK;
}

/* RFC 1035 §5.1, RFC 3597 §5. */
static bool is_class(const struct zonefile_word *word)
{
    static const char *const names[] = {"IN", "CH", "HS", "CS", "NONE", "ANY"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (zonefile_word_is(word, names[i]))
            return true;
    return !word->quoted && word->length > 5 && strncasecmp(word->text, "CLASS", 5) == 0 &&
           word->text[5] >= '0' && word->text[5] <= '9';
}

static enum status read_type(struct reading *reading, const struct zonefile_word *word,
                             const struct zonefile_word *class, struct head *head)
{
    /* dig prints the signature of each message of a transfer as if it were a record. */
    head->skip = class != NULL && zonefile_word_is(class, "ANY") && zonefile_word_is(word, "TSIG");
    if (head->skip)
        return STATUS_OK;
    if (class != NULL && !zonefile_word_is(class, "IN") && !zonefile_word_is(class, "CLASS1"))
        return complain(reading, class, "zonefile-class", "is not class IN, the only one served");
    /* A word of an entry, which has them. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    if (word->quoted || rrtype_from_text(word->text, word->length, &head->type) != STATUS_OK)
        return complain(reading, word, "zonefile-type",
                        "is not a type of record; write TYPEnnn \\# ... for one without a name");
    if (!rrtype_is_data(head->type))
        return complain(reading, word, "zonefile-type",
                        "is a type for questions and messages; no zone has such records");
    return STATUS_OK;
}

/* Reads TTL and class in either order, and the type, from word `at` on. */
static enum status read_head(struct reading *reading, const struct zonefile_entry *entry, size_t at,
                             struct head *head)
{
    const struct zonefile_word *class = NULL;

    *head = (struct head){.has_ttl = false};
    for (; at < entry->count; at++) {
        const struct zonefile_word *word = &entry->words[at];
        if (!head->has_ttl && zonefile_word_is_period(word)) {
            enum status status =
                zonefile_word_period(&reading->scope, word, DNS_TTL_MAX, &head->ttl);
            if (status != STATUS_OK)
                return status;
            head->has_ttl = true;
        } else if (class == NULL && is_class(word)) {
            class = word;
        } else {
            head->rdata = at + 1;
            return read_type(reading, word, class, head);
        }
    }
    return complain(reading, &entry->words[entry->count - 1], "zonefile-type",
                    "is where the line ends; a type and its data are missing");
}

/* The MINIMUM of an SOA's RDATA (RFC 1035 §3.3.13). */
static uint32_t soa_minimum(const struct writer *rdata)
{
    struct reader r = reader_of(rdata->next - 4, 4);
    return reader_u32(&r);
}

/* The TTL of a record that states none. */
static enum status imply_ttl(struct reading *reading, const struct zonefile_word *type,
                             const struct writer *rdata, struct head *head)
{
    if (reading->has_default) {
        head->ttl = reading->default_ttl;
        return STATUS_OK;
    }
    if (reading->has_last) {
        head->ttl = reading->last_ttl;
        return STATUS_OK;
    }
    if (head->type != TYPE_SOA || soa_minimum(rdata) > DNS_TTL_MAX)
        return complain(reading, type, "zonefile-ttl-none",
                        "record has no TTL and no $TTL stands above it; add one");
    head->ttl = soa_minimum(rdata);
    head->has_ttl = true;
    diag_warning(reading->diag, zonefile_lex_place(reading->lex, type), "zonefile-ttl-none",
                 "no TTL at the SOA and no $TTL above it: %lu is taken, its last number",
                 (unsigned long)head->ttl);
    return STATUS_OK;
}

/* Remembers where an SOA stands: the first one, or the first of the zone that it must be. */
static void note_soa(struct reading *reading, unsigned line)
{
    struct zonefile_records *records = reading->records;
    const struct zonefile_owner *owner = &reading->owner.owner;
    const struct name *apex = reading->apex;

    if (records->has_soa && (apex == NULL || !name_equals(owner->name, apex->octets) ||
                             name_equals(records->soa.owner.name, apex->octets)))
        return;
    records->has_soa = true;
    records->soa_line = line;
    zonefile_owner_copy(&records->soa, owner);
}

static enum status keep_record(struct reading *reading, const struct head *head, unsigned line,
                               const struct writer *rdata)
{
    const struct zonefile_record record = {.owner = &reading->owner.owner,
                                           .rdata = rdata->start,
                                           .ttl = head->ttl,
                                           .line = line,
                                           .type = head->type,
                                           .rdata_octets = (uint16_t)writer_length(rdata)};

    if (head->type == TYPE_SOA)
        note_soa(reading, line);
    return zonefile_spool_add(reading->spool, &record);
}

static enum status read_record(struct reading *reading, const struct zonefile_entry *entry)
{
    struct head head;
    struct writer rdata = writer_of(reading->rdata, RDATA_MAX_OCTETS);
    enum status owner_status = STATUS_OK;

    if (!entry->starts_blank)
        owner_status = read_owner(reading, entry->words);
    else if (!reading->has_owner)
        return complain(reading, entry->words, "zonefile-owner",
                        "has no owner before it: the line begins with a blank, and no name stands "
                        "above it");
    enum status status = read_head(reading, entry, entry->starts_blank ? 0 : 1, &head);
    if (status != STATUS_OK || head.skip)
        return status;
    status = zonefile_rdata_read(&reading->scope, entry, head.rdata, head.type, &rdata);
    if (status == STATUS_OK && !head.has_ttl)
        status = imply_ttl(reading, &entry->words[head.rdata - 1], &rdata, &head);
    if (status != STATUS_OK)
        return status;
    if (head.has_ttl) {
        reading->last_ttl = head.ttl;
        reading->has_last = true;
    }
    if (!reading->owner_is_read) /* the complaint about it was added where it stands */
        return owner_status;
    return keep_record(reading, &head, entry->words[0].line, &rdata);
}

static enum status read_entries(struct reading *reading)
{
    struct zonefile_entry entry;

    for (;;) {
        enum status status = zonefile_lex_next(reading->lex, &entry);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (status == STATUS_OK) {
            const struct zonefile_word *first = entry.words;
            bool directive =
                !entry.starts_blank && !first->quoted && first->length > 0 && *first->text == '$';
            status = directive ? read_directive(reading, &entry) : read_record(reading, &entry);
        }
        if (status == STATUS_SYSTEM)
            return status;
        if (status == STATUS_OK)
            continue;
        reading->records->complete = false;
        if (++reading->errors == MAX_ERRORS) {
            diag_error(reading->diag, (struct place){.file = reading->file}, "zonefile-errors",
                       "%d errors; the rest of the file was not read", MAX_ERRORS);
            return STATUS_INVALID;
        }
    }
}

/* Reads all entries and makes a zone of them. */
static enum status read_zone(struct reading *reading, struct zonefile_zone **out)
{
    enum status status = read_entries(reading);
    if (status == STATUS_OK)
        status = zonefile_spool_finish(reading->spool);
    if (status == STATUS_OK)
        status = zonefile_zone_open(reading->records, reading->apex, MAX_ERRORS - reading->errors,
                                    reading->diag, out);
    return status == STATUS_OK && reading->errors > 0 ? STATUS_INVALID : status;
}

/* Says what is in the way: the folder of the spool, the zone file itself, or memory. */
static enum status report_system(const struct reading *reading, FILE *in, int error)
{
    const char *folder = zonefile_spool_blames(reading->spool);

    if (folder != NULL) {
        diag_error(reading->diag, (struct place){.file = folder}, "zonefile-spool",
                   "what is read of the zone file finds no place there: %s", strerror(error));
        return STATUS_INVALID;
    }
    bool is_unreadable = ferror(in) != 0;
    diag_error(reading->diag, (struct place){.file = reading->file}, "zonefile-read", "%s",
               is_unreadable ? strerror(error) : "memory is out");
    return is_unreadable ? STATUS_INVALID : STATUS_SYSTEM;
}

static enum status read_stream(struct reading *reading, FILE *in, struct zonefile_zone **out)
{
    enum status status = STATUS_SYSTEM;

    reading->lex = zonefile_lex_create(in, reading->file, reading->diag);
    reading->rdata = malloc(RDATA_MAX_OCTETS);
    reading->scope = (struct zonefile_scope){.lex = reading->lex, .diag = reading->diag};
    if (reading->apex != NULL) {
        reading->scope.origin = *reading->apex;
        reading->scope.has_origin = true;
    }
    errno = 0;
    if (reading->lex != NULL && reading->rdata != NULL)
        status = read_zone(reading, out);
    if (status == STATUS_SYSTEM)
        status = report_system(reading, in, errno);
    free(reading->rdata);
    zonefile_lex_destroy(reading->lex);
    return status;
}

struct zonefile *zonefile_create(const char *folder, size_t octets)
{
    struct zonefile *zonefile = calloc(1, sizeof *zonefile);
    if (zonefile == NULL)
        return NULL;
    zonefile->spool = zonefile_spool_create(folder, octets);
    if (zonefile->spool == NULL) {
        free(zonefile);
        return NULL;
    }
    return zonefile;
}

void zonefile_destroy(struct zonefile *zonefile)
{
    if (zonefile == NULL)
        return;
    zonefile_zone_close(zonefile->zone);
    zonefile_spool_destroy(zonefile->spool);
    free(zonefile);
}

enum status zonefile_read(const char *file, const struct name *apex, struct zonefile *zonefile,
                          struct diag *diag, struct node_source *out)
{
    struct reading reading = {.file = file,
                              .apex = apex,
                              .diag = diag,
                              .spool = zonefile->spool,
                              .records = &zonefile->records};

    zonefile->records.file = file;
    zonefile->records.spool = zonefile->spool;
    zonefile->records.complete = true;
    FILE *in = fopen(file, "re");
    if (in == NULL) {
        diag_error(diag, (struct place){.file = file}, "zonefile-read", "%s", strerror(errno));
        return STATUS_INVALID;
    }
    enum status status = read_stream(&reading, in, &zonefile->zone);
    fclose(in);
    if (status == STATUS_OK)
        *out = zonefile_zone_nodes(zonefile->zone);
    return status;
}
