/* Memory that runs out, anywhere: every allocation of ours fails once. */
#include "tests/unit/failing.h"
#include "tests/unit/sign/keyfolder.h"

#include "sign/crypto_memory.h"
#include "sign/keyset.h"
#include "sign/pool.h"

#include <openssl/crypto.h>
#include <sys/wait.h>

#define MAX_ALLOCATIONS 2000

/* Does something with a folder of two keys. Its arena and diagnostics are fresh. */
typedef enum status action(struct keyfolder *folder);

static enum status read_files(struct keyfolder *folder)
{
    struct keyfiles keys;
    return keyfiles_read(folder->path, &folder->zone, folder->arena, folder->diag, &keys);
}

static enum status make_key(struct keyfolder *folder)
{
    struct keyfile key;
    return keyfile_generate(folder->path, &folder->zone, ALGORITHM_ED25519, DNSKEY_ZONE,
                            folder->arena, folder->diag, &key);
}

static enum status open_keys(struct keyfolder *folder)
{
    const struct config_policy policy = {.key_dir = folder->path};
    const struct config_zone zone = {.domain = folder->zone, .policy = &policy};
    const struct keyset_sources sources = {.files = NULL};
    struct rrset rrsets[3];
    struct keyset keyset;
    size_t count;

    enum status status = keyset_open(&zone, &sources, folder->arena, folder->diag, &keyset);
    if (status == STATUS_OK)
        status = keyset_rrsets(&keyset, &zone, 60, folder->arena, rrsets, &count);
    return status;
}

static enum status open_pool(struct keyfolder *folder)
{
    struct keyfiles keys;
    struct pool *pool = NULL;

    enum status status =
        keyfiles_read(folder->path, &folder->zone, folder->arena, folder->diag, &keys);
    if (status != STATUS_OK)
        return status;
    const struct keyfile *const both[] = {&keys.items[0], &keys.items[1]};
    status = pool_open(both, 2, 3, folder->diag, &pool);
    if (status == STATUS_OK)
        pool_close(pool);
    return status;
}

static void start_anew(struct keyfolder *folder)
{
    arena_destroy(folder->arena);
    diag_destroy(folder->diag);
    folder->arena = arena_create();
    folder->diag = diag_create();
}

static void fail_everywhere(action *act)
{
    struct keyfolder folder;
    enum status status = STATUS_SYSTEM;
    size_t failed = 0;

    keyfolder_open(&folder);
    keyfolder_generate(&folder, ALGORITHM_ECDSAP256SHA256, DNSKEY_ZONE | DNSKEY_SEP);
    keyfolder_generate(&folder, ALGORITHM_ED25519, DNSKEY_ZONE | DNSKEY_SEP);
    for (size_t n = 1; status != STATUS_OK && n < MAX_ALLOCATIONS; n++) {
        start_anew(&folder);
        failing_left = n;
        status = act(&folder);
        failing_left = 0;
        failed += status != STATUS_OK;
        /* Diagnostics when a person is told, none when it is just memory. */
        if (status == STATUS_INVALID)
            assert_true(diag_count(folder.diag, SEVERITY_ERROR) > 0);
        else
            assert_true(status == STATUS_OK || status == STATUS_SYSTEM);
    }
    assert_int_equal(status, STATUS_OK);
    assert_true(failed > 0);
    keyfolder_close(&folder);
}

static void reading_survives_it(void **state)
{
    (void)state;
    fail_everywhere(read_files);
}

static void generating_survives_it(void **state)
{
    (void)state;
    fail_everywhere(make_key);
}

static void keysets_survive_it(void **state)
{
    (void)state;
    fail_everywhere(open_keys);
}

static void pools_survive_it(void **state)
{
    (void)state;
    fail_everywhere(open_pool);
}

/* In a process of its own, which has not used OpenSSL yet: before all other tests. */
static void openssl_without_memory_ends_the_process_with_one_line(void **state)
{
    char said[64] = "";
    int ends[2];
    int status;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        crypto_memory_end_without();
        failing_left = 1;
        OPENSSL_free(OPENSSL_malloc(16));
        _exit(7);
    }
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(read(ends[0], said, sizeof said - 1) > 0);
    close(ends[0]);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_string_equal(said, "zonegen: out of memory\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_without_memory_ends_the_process_with_one_line),
        cmocka_unit_test(reading_survives_it),
        cmocka_unit_test(generating_survives_it),
        cmocka_unit_test(keysets_survive_it),
        cmocka_unit_test(pools_survive_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
