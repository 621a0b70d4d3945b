/* The n-th allocation fails, for every n: what a worker and a transfer are made of ends with
 * STATUS_SYSTEM and leaks nothing. */
#include "tests/unit/failing.h"
#include "tests/unit/server/asked.h"

#include "server/transfer.h"

static const char zone_text[] = "$ORIGIN example.\n$TTL 3600\n"
                                "@ SOA ns1 h 7 3600 900 604800 300\n@ NS ns1\nns1 A 192.0.2.1\n";
static const char next_zone_text[] =
    "$ORIGIN example.\n$TTL 3600\n"
    "@ SOA ns1 h 8 3600 900 604800 300\n@ NS ns1\nns1 A 192.0.2.1\n";

/* True when the n-th allocation was reached. */
static bool starts_with_failure(const struct served *served, const struct reply *reply, size_t n)
{
    struct transfer *transfer = NULL;

    failing_left = n;
    enum status status = transfer_create(served->store, reply, 0, &transfer);
    bool reached = failing_left == 0;
    failing_left = 0;
    assert_int_equal(status, reached ? STATUS_SYSTEM : STATUS_OK);
    if (status == STATUS_OK)
        transfer_destroy(transfer);
    return reached;
}

static void every_allocation_of_a_transfer_may_fail(void **state)
{
    static const struct config_acl everybody = {.actions = ACL_TRANSFER};
    static const struct config_acl *open_acl[] = {&everybody};
    static struct reply reply;
    struct query query = make_query("example", TYPE_AXFR, CLASS_IN, -1);
    struct served served;
    size_t n = 1;
    (void)state;

    served_create(&served, zone_text);
    served.zone_configs[0].acl_count = 1;
    served.zone_configs[0].acl = open_acl;
    respond(
        &served.view, query.octets, query.length,
        &(struct asker){.address = (const struct sockaddr *)&client, .transport = TRANSPORT_TCP},
        &reply);
    assert_int_equal(reply.action, REPLY_TRANSFER);
    while (starts_with_failure(&served, &reply, n))
        n++;
    assert_true(n > 2);
    served_destroy(&served);
}

/* RFC 1995 §4: what stands in the way of a difference is no error; the whole zone comes. */
static void without_memory_for_a_difference_the_whole_zone_comes(void **state)
{
    static const struct config_acl everybody = {.actions = ACL_TRANSFER};
    static const struct config_acl *open_acl[] = {&everybody};
    static struct reply reply;
    struct query query = make_query("example", TYPE_AXFR, CLASS_IN, -1);
    enum transfer_kind kind = TRANSFER_AXFR;
    struct served served;
    size_t wholes = 0;
    (void)state;

    served_start(&served);
    served_restore(&served, zone_text);
    served_restore(&served, next_zone_text);
    served.config.zone_count = 1;
    served.zone_configs[0].acl_count = 1;
    served.zone_configs[0].acl = open_acl;
    served_show(&served);
    respond(
        &served.view, query.octets, query.length,
        &(struct asker){.address = (const struct sockaddr *)&client, .transport = TRANSPORT_TCP},
        &reply);
    assert_int_equal(reply.action, REPLY_TRANSFER);
    reply.transfer_type = TYPE_IXFR;
    reply.serial = 7;
    for (size_t n = 1; kind != TRANSFER_IXFR; n++) {
        struct transfer *transfer = NULL;
        failing_left = n;
        enum status status = transfer_create(served.store, &reply, 0, &transfer);
        failing_left = 0;
        if (status != STATUS_OK) {
            assert_int_equal(status, STATUS_SYSTEM);
            continue;
        }
        kind = transfer_kind(transfer);
        wholes += kind == TRANSFER_WHOLE;
        transfer_destroy(transfer);
    }
    assert_true(wholes > 0);
    served_destroy(&served);
}

static void every_allocation_of_a_zone_table_may_fail(void **state)
{
    struct served served;
    (void)state;

    served_create(&served, zone_text);
    for (size_t n = 1;; n++) {
        struct zone_table *zones = NULL;
        failing_left = n;
        enum status status = zone_table_create(&served.config, served.snapshot, &zones);
        bool reached = failing_left == 0;
        failing_left = 0;
        assert_int_equal(status, reached ? STATUS_SYSTEM : STATUS_OK);
        if (reached)
            continue;
        zone_table_destroy(zones);
        assert_true(n > 3);
        break;
    }
    served_destroy(&served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_transfer_may_fail),
        cmocka_unit_test(without_memory_for_a_difference_the_whole_zone_comes),
        cmocka_unit_test(every_allocation_of_a_zone_table_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
