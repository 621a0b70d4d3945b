#include "store/meta.h"

#include "store/machine.h"
#include "store/page.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define META_OCTETS       152
#define META_KIND         8
#define META_MAGIC        0xBEEFC0DEu
#define META_VERSION      1
#define TREE_INTEGER_KEYS 8
#define TREE_NO_FOLDER    0x4000
#define TREE_NO_ROOT      UINT64_MAX
#define TREE_MAX_DEPTH    31 /* LMDB goes no deeper than 32 */
#define ATTEMPTS          4  /* a publish may write while we read */

static enum status damaged(char what[META_MESSAGE_OCTETS], const char *text)
{
    snprintf(what, META_MESSAGE_OCTETS, "%s", text);
    return STATUS_MALFORMED;
}

/* What says that this is a file of LMDB, and of which page size. */
static enum status check_stamp(const uint8_t *octets, char what[META_MESSAGE_OCTETS])
{
    if (machine_u32(octets + 16) != META_MAGIC || machine_u32(octets + 20) != META_VERSION ||
        (machine_u16(octets + 10) & META_KIND) == 0)
        return STATUS_INVALID;
    uint32_t size = machine_u32(octets + 40);
    if (size < PAGE_MIN_OCTETS || size > PAGE_MAX_OCTETS || (size & (size - 1)) != 0)
        return damaged(what, "the size of its pages is wrong");
    return STATUS_OK;
}

static bool read_tree(const uint8_t *octets, uint64_t last_page, struct meta_tree *out)
{
    out->depth = machine_u16(octets + 6);
    out->branches = machine_u64(octets + 8);
    out->leaves = machine_u64(octets + 16);
    out->overflows = machine_u64(octets + 24);
    out->entries = machine_u64(octets + 32);
    out->root = machine_u64(octets + 40);
    out->is_empty = out->root == TREE_NO_ROOT;
    if (out->is_empty)
        return out->depth == 0 && out->entries == 0;
    return out->depth > 0 && out->depth <= TREE_MAX_DEPTH && out->root >= META_FIRST_PAGE &&
           out->root <= last_page && out->branches <= last_page && out->leaves <= last_page &&
           out->overflows <= last_page;
}

/* Numbers of pages are 48 bits in LMDB's branches. */
#define PAGES_LIMIT ((uint64_t)1 << 36)

static enum status read_contents(const uint8_t *octets, struct meta *out,
                                 char what[META_MESSAGE_OCTETS])
{
    uint16_t free_flags = machine_u16(octets + 44);
    uint64_t map = machine_u64(octets + 32);

    *out = (struct meta){.page_octets = machine_u32(octets + 40),
                         .last_page = machine_u64(octets + 136),
                         .change = machine_u64(octets + 144)};
    if (out->last_page < META_FIRST_PAGE - 1 || out->last_page >= PAGES_LIMIT)
        return damaged(what, "the number of its pages is wrong");
    if (map / out->page_octets <= out->last_page || machine_u64(octets + 24) != 0)
        return damaged(what, "the size of its map is wrong");
    if ((free_flags & ~TREE_NO_FOLDER) != TREE_INTEGER_KEYS || machine_u32(octets + 88) != 0 ||
        machine_u16(octets + 92) != 0 || !read_tree(octets + 40, out->last_page, &out->free) ||
        !read_tree(octets + 88, out->last_page, &out->main))
        return damaged(what, "where its trees begin is damaged");
    if (out->change == 0 && !(out->free.is_empty && out->main.is_empty))
        return damaged(what, "the numbers of its changes are gone");
    return STATUS_OK;
}

/* Changes follow each other on alternating pages, which begin with number 0 both. */
static bool numbers_fit(uint64_t even, uint64_t odd)
{
    return (even == 0 && odd == 0) || (even % 2 == 0 && (even + 1 == odd || odd + 1 == even));
}

/* Reads a meta page as it stands. STATUS_INVALID where the file ends before it. */
static enum status take(int file, off_t at, uint8_t octets[META_OCTETS])
{
    ssize_t taken = pread(file, octets, META_OCTETS, at);
    return taken == META_OCTETS ? STATUS_OK : taken == 0 ? STATUS_NOT_FOUND : STATUS_INVALID;
}

static enum status read_once(int file, uint64_t change, struct meta *out,
                             char what[META_MESSAGE_OCTETS])
{
    uint8_t pages[2][META_OCTETS];

    enum status status = take(file, 0, pages[0]);
    if (status == STATUS_OK)
        status = check_stamp(pages[0], what);
    if (status != STATUS_OK)
        return status;
    if (take(file, (off_t)machine_u32(pages[0] + 40), pages[1]) != STATUS_OK)
        return damaged(what, "it was cut");
    status = check_stamp(pages[1], what);
    if (status != STATUS_OK)
        return damaged(what, "its second page is damaged");
    if (machine_u32(pages[0] + 40) != machine_u32(pages[1] + 40))
        return damaged(what, "its first two pages contradict each other");
    uint64_t even = machine_u64(pages[0] + 144);
    uint64_t odd = machine_u64(pages[1] + 144);
    if (!numbers_fit(even, odd))
        return damaged(what, "the numbers of its changes do not fit together");
    if (change != META_NEWEST && change != even && change != odd)
        return STATUS_NOT_FOUND;
    bool is_odd = change == META_NEWEST ? odd > even : change != even;
    return read_contents(pages[is_odd], out, what);
}

enum status meta_read(int file, uint64_t change, struct meta *out, char what[META_MESSAGE_OCTETS])
{
    const struct timespec pause = {0, 1000000};
    enum status status = STATUS_MALFORMED;

    for (int attempt = 0; attempt < ATTEMPTS && status == STATUS_MALFORMED; attempt++) {
        if (attempt > 0)
            nanosleep(&pause, NULL);
        status = read_once(file, change, out, what);
    }
    return status;
}
