/*
 * How a snapshot finds what store.h says: in the pages themselves, as far as one of them leads, and
 * by LMDB's cursor from there on, wherever the pages are not known, and where anything is damaged.
 */
#include "store/descent.h"
#include "store/fault.h"
#include "store/store_internal.h"

#include <string.h>

static bool is_within(const struct snapshot *snapshot, const MDB_val *octets)
{
    uintptr_t start = (uintptr_t)octets->mv_data;
    return start >= snapshot->low && start <= snapshot->high &&
           octets->mv_size <= snapshot->high - start;
}

static enum status ask_lmdb(struct snapshot *snapshot, enum walk walk, const uint8_t *key,
                            size_t key_octets, struct item *out)
{
    static const MDB_cursor_op operations[] = {
        [WALK_AT_OR_AFTER] = MDB_SET_RANGE,
        [WALK_AT] = MDB_SET_KEY,
        [WALK_NEXT] = MDB_NEXT,
        [WALK_PREVIOUS] = MDB_PREV,
    };
    MDB_val found = {key_octets, (void *)(uintptr_t)key};
    MDB_val value;
    MDB_cursor_op operation = operations[walk];

    if (walk == WALK_PREVIOUS && snapshot->past_end)
        operation = MDB_LAST;
    fault_enter(snapshot->store->fault_line);
    /* LMDB looks first whether the key lies between those of the page where its cursor stands: a
     * damaged page would keep it there. */
    if ((walk == WALK_AT || walk == WALK_AT_OR_AFTER) && snapshot_has_gaps(snapshot))
        (void)!mdb_cursor_renew(snapshot->txn, snapshot->cursor);
    int code = mdb_cursor_get(snapshot->cursor, &found, &value, operation);
    fault_leave();
    snapshot->past_end = walk == WALK_AT_OR_AFTER && code == MDB_NOTFOUND;
    if (code != 0)
        return code == MDB_NOTFOUND ? STATUS_NOT_FOUND : STATUS_SYSTEM;
    *out = (struct item){found.mv_data, found.mv_size, value.mv_data, value.mv_size};
    /* A damaged size may reach beyond the file. */
    return is_within(snapshot, &found) && is_within(snapshot, &value) ? STATUS_OK : STATUS_SYSTEM;
}

/* ---- what is expected ---- */

void snapshot_expect(struct snapshot *snapshot, const uint8_t *key, size_t key_octets)
{
    size_t n = snapshot->expected_count;

    if (n == SNAPSHOT_EXPECTED || key_octets > SNAPSHOT_EXPECTED_OCTETS)
        return;
    memcpy(snapshot->expected_keys[n], key, key_octets);
    snapshot->expected[n].key = snapshot->expected_keys[n];
    snapshot->expected[n].key_octets = key_octets;
    snapshot->expected_count++;
}

/* True when the pages can be walked: they are known, and nothing in them is in doubt. */
static bool has_pages(const struct snapshot *snapshot)
{
    return snapshot->pages.depth > 0 && !snapshot_has_gaps(snapshot);
}

void snapshot_foresee(struct snapshot *snapshot)
{
    snapshot->expected_next = 0;
    if (has_pages(snapshot))
        descent_go(&snapshot->pages, snapshot->expected, snapshot->expected_count);
    else
        snapshot->expected_count = 0;
}

/* Where a key was found that was expected, or NULL. What was passed over is not asked for again. */
static const struct descent *expected(struct snapshot *snapshot, const uint8_t *key,
                                      size_t key_octets)
{
    for (size_t n = snapshot->expected_next; n < snapshot->expected_count; n++) {
        const struct descent *descent = &snapshot->expected[n];
        if (descent->key_octets == key_octets && memcmp(descent->key, key, key_octets) == 0) {
            snapshot->expected_next = n + 1;
            return descent;
        }
    }
    return NULL;
}

/* ---- walks ---- */

/* Goes to the first entry that is not before a key. False when it is not in the page where it would
 * be, or a page is damaged. */
static bool go_to(struct snapshot *snapshot, const uint8_t *key, size_t key_octets,
                  struct item *out)
{
    const struct descent *found = expected(snapshot, key, key_octets);

    if (found) {
        snapshot->place = *found;
    } else {
        snapshot->place.key = key;
        snapshot->place.key_octets = key_octets;
        descent_go(&snapshot->pages, &snapshot->place, 1);
    }
    snapshot->at = snapshot->place.first;
    return snapshot->place.state == DESCENT_ARRIVED && snapshot->at < snapshot->place.count &&
           descent_item(&snapshot->pages, &snapshot->place, snapshot->at, out);
}

/* One entry on in the page. False when that ends there, or is damaged. */
static bool step(struct snapshot *snapshot, enum walk walk, struct item *out)
{
    size_t at = walk == WALK_NEXT ? snapshot->at + 1 : snapshot->at - 1;

    if (at >= snapshot->place.count || !descent_item(&snapshot->pages, &snapshot->place, at, out))
        return false;
    snapshot->at = at;
    return true;
}

/* Has LMDB's cursor stand where the walk does. */
static enum status bring_lmdb(struct snapshot *snapshot)
{
    struct item item;

    snapshot->is_placed = false;
    if (!descent_item(&snapshot->pages, &snapshot->place, snapshot->at, &item))
        return STATUS_SYSTEM;
    return ask_lmdb(snapshot, WALK_AT, item.key, item.key_octets, &item);
}

enum status snapshot_walk(struct snapshot *snapshot, enum walk walk, const uint8_t *key,
                          size_t key_octets, struct item *out)
{
    enum status status = STATUS_OK;

    if (walk == WALK_AT || walk == WALK_AT_OR_AFTER) {
        snapshot->is_placed = has_pages(snapshot) && go_to(snapshot, key, key_octets, out);
        if (snapshot->is_placed &&
            (walk == WALK_AT_OR_AFTER ||
             (out->key_octets == key_octets && memcmp(out->key, key, key_octets) == 0)))
            return STATUS_OK;
        snapshot->is_placed = false;
    } else if (snapshot->is_placed) {
        if (step(snapshot, walk, out))
            return STATUS_OK;
        status = bring_lmdb(snapshot);
    }
    return status == STATUS_OK ? ask_lmdb(snapshot, walk, key, key_octets, out) : status;
}
