#include "server/basis.h"

#include "server/ticks.h"
#include "server/zone_text.h"

#include <stdlib.h>
#include <time.h>

struct basis {
    struct view view;
    const struct bundle *bundle;
    struct store *store;
    struct log *log;
    struct snapshot *snapshot;
    struct zone_table *zones;
    struct tsig_keys *keys;
    struct rrl *rrl;
    uint64_t change; /* that `zones` was made of */
    uint64_t doubts; /* of the store, in this era */
    struct log_pace pace;
    struct damage damage;
    uint64_t damage_said; /* of its count */
    struct log_pace damage_pace;
};

static int64_t clock_now(void)
{
    return (int64_t)time(NULL);
}

static void use_bundle(struct basis *basis, const struct bundle *bundle)
{
    basis->bundle = bundle;
    basis->view.config = bundle->config;
    basis->view.cookies = bundle->config->server.cookies ? &bundle->cookies : NULL;
    basis->view.rrl = bundle->config->server.rrl ? basis->rrl : NULL;
}

void basis_use_rrl(struct basis *basis, struct rrl *rrl)
{
    basis->rrl = rrl;
    use_bundle(basis, basis->bundle);
}

enum status basis_create(struct store *store, const struct bundle *bundle, struct log *log,
                         struct basis **out)
{
    const struct config *config = bundle->config;
    struct basis *basis = calloc(1, sizeof *basis);
    if (!basis || snapshot_create(store, &basis->snapshot) != STATUS_OK) {
        log_write(log, LOG_LEVEL_ERROR, "cannot read the database %s: %s", config->database,
                  basis ? "no reader's slot is left" : "out of memory");
        free(basis);
        return STATUS_SYSTEM;
    }
    basis->store = store;
    basis->log = log;
    if (sha1_create(&basis->view.sha1) != STATUS_OK ||
        tsig_keys_create(bundle->keyring, &basis->keys) != STATUS_OK) {
        log_write(log, LOG_LEVEL_ERROR, "cannot start: out of memory");
        basis_destroy(basis);
        return STATUS_SYSTEM;
    }
    use_bundle(basis, bundle);
    basis->view.keys = basis->keys;
    basis->view.clock = clock_now;
    basis->view.damage = &basis->damage;
    basis->view.snapshot = basis->snapshot;
    basis->view.era = 1;
    basis->change = snapshot_change(basis->snapshot);
    enum status status = zone_table_create(config, basis->snapshot, &basis->zones);
    snapshot_reset(basis->snapshot);
    if (status != STATUS_OK) {
        log_write(log, LOG_LEVEL_ERROR, "cannot read the zones of %s", config->database);
        basis_destroy(basis);
        return STATUS_SYSTEM;
    }
    basis->view.zones = basis->zones;
    *out = basis;
    return STATUS_OK;
}

void basis_destroy(struct basis *basis)
{
    if (!basis)
        return;
    tsig_keys_destroy(basis->keys);
    zone_table_destroy(basis->zones);
    snapshot_destroy(basis->snapshot);
    sha1_destroy(basis->view.sha1);
    free(basis);
}

/* Replaces the zone table by one of the live snapshot. */
static enum status rebuild(struct basis *basis, const struct bundle *bundle)
{
    struct zone_table *fresh = NULL;
    enum status status = zone_table_create(bundle->config, basis->snapshot, &fresh);
    if (status != STATUS_OK)
        return status;
    zone_table_destroy(basis->zones);
    basis->zones = fresh;
    basis->change = snapshot_change(basis->snapshot);
    basis->view.zones = fresh;
    basis->view.era++;
    use_bundle(basis, bundle);
    return STATUS_OK;
}

static void complain(struct basis *basis)
{
    if (log_pace_allows(&basis->pace, ticks_now()))
        log_write(basis->log, LOG_LEVEL_ERROR,
                  "cannot read the database %s: queries stay unanswered",
                  basis->view.config->database);
}

const struct view *basis_begin(struct basis *basis)
{
    if (snapshot_renew(basis->snapshot) != STATUS_OK) {
        complain(basis);
        return NULL;
    }
    if (basis->view.rrl)
        basis->view.now_ms = ticks_now();
    if (store_doubts(basis->store) != basis->doubts) {
        basis->doubts = store_doubts(basis->store);
        basis->view.era++;
    }
    if (snapshot_change(basis->snapshot) == basis->change)
        return &basis->view;
    /* An old table beside new contents could pair a zone with another one's number: no answer is
     * better than a wrong one, and the next batch tries again. */
    if (rebuild(basis, basis->bundle) == STATUS_OK)
        return &basis->view;
    snapshot_reset(basis->snapshot);
    complain(basis);
    return NULL;
}

/* What could not be answered is said once a minute, not with each query. */
static void say_damage(struct basis *basis)
{
    char name[NAME_TEXT_OCTETS];

    if (!log_pace_allows(&basis->damage_pace, ticks_now()))
        return;
    zone_text(basis->damage.name.octets, name);
    log_write(basis->log, LOG_LEVEL_ERROR,
              "database %s: what answers %s is damaged: SERVFAIL, %llu times by now; run 'zonegen "
              "verify'",
              basis->view.config->database, name, (unsigned long long)basis->damage.count);
    basis->damage_said = basis->damage.count;
}

void basis_end(struct basis *basis)
{
    snapshot_reset(basis->snapshot);
    if (basis->damage.count != basis->damage_said)
        say_damage(basis);
}

enum status basis_adopt(struct basis *basis, const struct bundle *bundle)
{
    struct tsig_keys *keys = NULL;
    enum status status = tsig_keys_create(bundle->keyring, &keys);
    if (status != STATUS_OK)
        return status;
    status = snapshot_renew(basis->snapshot);
    if (status == STATUS_OK) {
        status = rebuild(basis, bundle);
        snapshot_reset(basis->snapshot);
    }
    if (status != STATUS_OK) {
        tsig_keys_destroy(keys);
        return status;
    }
    tsig_keys_destroy(basis->keys);
    basis->keys = keys;
    basis->view.keys = keys;
    return STATUS_OK;
}

const struct bundle *basis_bundle(const struct basis *basis)
{
    return basis->bundle;
}

const struct config *basis_config(const struct basis *basis)
{
    return basis->view.config;
}

struct store *basis_store(const struct basis *basis)
{
    return basis->store;
}

struct log *basis_log(const struct basis *basis)
{
    return basis->log;
}
