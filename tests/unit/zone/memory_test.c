/* The n-th allocation fails, for every n: a build ends with STATUS_SYSTEM or is not hurt, and
 * neither leaks nor crashes. */
#include "tests/unit/zone/fixture.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

/* A global, since the wrappers are given nothing: allocations until the one that fails; 0: none. */
static size_t left;

static bool fails(void)
{
    return left > 0 && --left == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

/* Enough contacts that the scratch arenas need several pieces of memory. */
static void fill(struct fixture *f)
{
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g"};
    static struct config_nameserver host = {.address_count = 1};
    add_xanadu(f);
    add_label(f, 0, "xn--zckzah", "\xe3\x83\x86", "\xe3\x83\x87");
    add_entry(f, "contacts/xb.yaml", "xb", "Somewhere");
    for (size_t i = 0; i < 7; i++)
        add_contact(f, 1, ids[i], ROLE_DNS | ROLE_CSIRT);
    host.name = name_of("ns.xb.cc.example");
    f->addresses[0] = (struct prefix){AF_INET, {192, 0, 2, 1}, 32};
    host.addresses = f->addresses;
    f->nameservers[0] = host;
}

/* Builds and walks. True when the n-th allocation was reached. */
static bool build_with_failure(size_t n)
{
    struct fixture f;
    fixture_start(&f);
    fill(&f);
    left = n;
    enum status status = build_open(&f.rules, f.arena, f.diag, &f.build);
    if (status == STATUS_OK) {
        struct node_source source = build_source(f.build);
        struct name below = name_of("_dns.xb.cc.example");
        struct node node;
        build_stamp(f.build, 1, 0);
        while ((status = source.next(source.state, &node)) == STATUS_OK)
            assert_true(node.rrset_count > 0);
        enum status found = source.find(source.state, below.octets, &node);
        assert_true(found == STATUS_OK || found == STATUS_SYSTEM);
    }
    bool reached = left == 0 && n > 0;
    left = 0;
    assert_true(status == STATUS_NOT_FOUND || (reached && status == STATUS_SYSTEM));
    fixture_end(&f);
    return reached;
}

static void every_allocation_may_fail(void **state)
{
    size_t n = 1;
    (void)state;
    assert_false(build_with_failure(0));
    while (build_with_failure(n))
        n++;
    assert_true(n > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
