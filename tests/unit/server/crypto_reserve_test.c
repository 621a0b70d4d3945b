/* OpenSSL's memory when there is none: what is set aside for a server that runs. */
#include "server/crypto_reserve.h"
#include "tests/unit/check.h"
#include "tests/unit/failing.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the library is given where everybody else gets nothing. */
static void *take(size_t octets)
{
    failing_left = 1;
    void *given = OPENSSL_malloc(octets);
    failing_left = 0;
    return given;
}

/* Before the reserve is opened: in a process of its own. */
static void a_start_without_memory_ends_with_one_line(void **state)
{
    char said[64] = "";
    int ends[2];
    int status;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        OPENSSL_free(take(16));
        _exit(7);
    }
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(read(ends[0], said, sizeof said - 1) > 0);
    close(ends[0]);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_string_equal(said, "contactd: out of memory\n");
}

static void a_server_that_runs_has_a_reserve(void **state)
{
    (void)state;
    crypto_reserve_open();
    uint64_t before = crypto_reserve_taken();
    char *first = take(100);
    char *second = take(100);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(crypto_reserve_taken(), before + 2);
    memset(first, 'a', 100);
    memset(second, 'b', 100);
    assert_int_equal(first[99], 'a');
    OPENSSL_free(second);
    assert_ptr_equal(take(90), second); /* what is given back is there for the next */
    OPENSSL_free(second);
    OPENSSL_free(first);
}

static void what_grows_keeps_its_octets(void **state)
{
    (void)state;
    char *small = take(20);
    assert_non_null(small);
    memcpy(small, "0123456789", 11);
    failing_left = 1;
    char *large = OPENSSL_realloc(small, 3000);
    failing_left = 0;
    assert_string_equal(large, "0123456789");
    char *elsewhere = OPENSSL_realloc(large, 5000); /* there is memory again */
    assert_string_equal(elsewhere, "0123456789");
    OPENSSL_free(elsewhere);
    char *ordinary = OPENSSL_malloc(20);
    memcpy(ordinary, "abcdefghij", 11);
    failing_left = 1;
    ordinary = OPENSSL_realloc(ordinary, 3000);
    failing_left = 0;
    assert_string_equal(ordinary, "abcdefghij");
    OPENSSL_free(ordinary);
}

static void a_reserve_ends(void **state)
{
    size_t taken = 0;

    (void)state;
    while (taken < CRYPTO_RESERVE_OCTETS / 1024 + 2 && take(1000) != NULL)
        taken++;
    assert_in_range(taken, 100, CRYPTO_RESERVE_OCTETS / 1024);
    assert_null(take(CRYPTO_RESERVE_OCTETS + 1));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_without_memory_ends_with_one_line),
        cmocka_unit_test(a_server_that_runs_has_a_reserve),
        cmocka_unit_test(what_grows_keeps_its_octets),
        cmocka_unit_test(a_reserve_ends),
    };
    if (crypto_reserve_begin() != STATUS_OK) /* before anything of OpenSSL's */
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
