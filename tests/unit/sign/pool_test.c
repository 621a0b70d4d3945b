#include "tests/unit/sign/keyfolder.h"

#include "sign/pool.h"

#include <ldns/ldns.h>

#define JOBS        1000
#define DATA_OCTETS 1500

struct pooled {
    struct keyfolder folder;
    struct keyfile keys[2];
    uint8_t data[DATA_OCTETS];
    struct pool_job jobs[JOBS];
};

static int set_up(void **state)
{
    struct pooled *pooled = calloc(1, sizeof *pooled);
    assert_non_null(pooled);
    keyfolder_open(&pooled->folder);
    pooled->keys[0] =
        keyfolder_generate(&pooled->folder, ALGORITHM_ECDSAP256SHA256, DNSKEY_ZONE | DNSKEY_SEP);
    pooled->keys[1] = keyfolder_generate(&pooled->folder, ALGORITHM_ED25519, DNSKEY_ZONE);
    for (size_t i = 0; i < DATA_OCTETS; i++)
        pooled->data[i] = (uint8_t)(i * 7 + i / 256);
    *state = pooled;
    return 0;
}

static int tear_down(void **state)
{
    struct pooled *pooled = *state;
    keyfolder_close(&pooled->folder);
    free(pooled);
    return 0;
}

static struct pool *open_pool(struct pooled *pooled, unsigned threads)
{
    const struct keyfile *const keys[] = {&pooled->keys[0], &pooled->keys[1]};
    struct pool *pool = NULL;
    assert_int_equal(pool_open(keys, 2, threads, pooled->folder.diag, &pool), STATUS_OK);
    return pool;
}

/* Jobs of every length from 0 on, for both keys in turn. */
static void make_jobs(struct pooled *pooled)
{
    for (size_t i = 0; i < JOBS; i++)
        pooled->jobs[i] = (struct pool_job){
            .data = pooled->data + i % 3, .octets = (uint32_t)i, .key = (uint16_t)(i % 2)};
}

/* ldns verifies what the pool signed. */
static void check_signature(const struct pooled *pooled, const struct pool_job *job)
{
    const struct keyfile *key = &pooled->keys[job->key];
    ldns_buffer *data = ldns_buffer_new(DATA_OCTETS + 1);
    ldns_buffer *signature = ldns_buffer_new((size_t)2 * POOL_SIGNATURE_OCTETS);
    ldns_rdf *raw = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_B64, POOL_SIGNATURE_OCTETS, job->signature);
    ldns_buffer *public = ldns_buffer_new(KEYFILE_MAX_DNSKEY_OCTETS);

    ldns_buffer_write(data, job->data, job->octets);
    if (key->algorithm == ALGORITHM_ECDSAP256SHA256)
        assert_int_equal(ldns_convert_ecdsa_rrsig_rdf2asn1(signature, raw), LDNS_STATUS_OK);
    else
        ldns_buffer_write(signature, job->signature, POOL_SIGNATURE_OCTETS);
    ldns_buffer_write(public, key->dnskey + 4, key->dnskey_octets - 4u);
    assert_int_equal(ldns_verify_rrsig_buffers(signature, data, public, key->algorithm),
                     LDNS_STATUS_OK);
    ldns_rdf_deep_free(raw);
    ldns_buffer_free(data);
    ldns_buffer_free(signature);
    ldns_buffer_free(public);
}

static void every_signature_verifies(void **state)
{
    struct pooled *pooled = *state;
    for (unsigned threads = 0; threads <= 5; threads++) {
        struct pool *pool = open_pool(pooled, threads);
        make_jobs(pooled);
        pool_start(pool, pooled->jobs, JOBS);
        assert_int_equal(pool_wait(pool), STATUS_OK);
        for (size_t i = 0; i < JOBS; i++)
            check_signature(pooled, &pooled->jobs[i]);
        pool_close(pool);
    }
}

static void batches_follow_each_other(void **state)
{
    struct pooled *pooled = *state;
    struct pool *pool = open_pool(pooled, 3);

    make_jobs(pooled);
    for (size_t count = 0; count < 40; count++) {
        pool_start(pool, pooled->jobs + count, count);
        assert_int_equal(pool_wait(pool), STATUS_OK);
        for (size_t i = 0; i < count; i++)
            check_signature(pooled, &pooled->jobs[count + i]);
    }
    assert_int_equal(pool_wait(pool), STATUS_OK);
    pool_close(pool);
}

static void closing_waits_for_what_is_under_way(void **state)
{
    struct pooled *pooled = *state;
    struct pool *pool = open_pool(pooled, 2);

    make_jobs(pooled);
    pool_start(pool, pooled->jobs, 100);
    pool_close(pool);
    for (size_t i = 0; i < 100; i++)
        check_signature(pooled, &pooled->jobs[i]);
}

static void a_pool_may_be_opened_for_nothing(void **state)
{
    struct pooled *pooled = *state;
    struct pool *pool = NULL;

    assert_int_equal(pool_open(NULL, 0, 2, pooled->folder.diag, &pool), STATUS_OK);
    pool_close(pool);
    pool_close(NULL);
}

static void a_key_that_cannot_be_loaded_is_told_once(void **state)
{
    struct pooled *pooled = *state;
    const struct keyfile *const keys[] = {&pooled->keys[0], &pooled->keys[1]};
    struct pool *pool = NULL;

    assert_int_equal(chmod(pooled->keys[1].path, 0644), 0);
    assert_int_equal(pool_open(keys, 2, 4, pooled->folder.diag, &pool), STATUS_INVALID);
    assert_int_equal(diag_total(pooled->folder.diag), 1);
    keyfolder_expect(&pooled->folder, 0, "key-mode", ".private", "chmod 600");
}

#define WITH_KEYS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_KEYS(every_signature_verifies),
        WITH_KEYS(batches_follow_each_other),
        WITH_KEYS(closing_waits_for_what_is_under_way),
        WITH_KEYS(a_pool_may_be_opened_for_nothing),
        WITH_KEYS(a_key_that_cannot_be_loaded_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
