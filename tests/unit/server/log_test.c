#include "tests/unit/check.h"

#include "server/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_OCTETS 8192

static const struct config_log text_to_stderr = {LOG_TARGET_STDERR, LOG_FORMAT_TEXT,
                                                 LOG_LEVEL_INFO};

static size_t read_all(int fd, char text[LINE_OCTETS])
{
    ssize_t length = read(fd, text, LINE_OCTETS - 1);
    text[length > 0 ? length : 0] = '\0';
    return length > 0 ? (size_t)length : 0;
}

static void levels_below_the_configured_one_are_left_out(void **state)
{
    (void)state;
    int ends[2];
    char text[LINE_OCTETS];
    assert_int_equal(pipe(ends), 0);
    struct log *log = log_create(&text_to_stderr, ends[1], "/nowhere");
    assert_non_null(log);
    log_write(log, LOG_LEVEL_DEBUG, "debug %d", 1);
    log_write(log, LOG_LEVEL_INFO, "info %d", 2);
    read_all(ends[0], text);
    assert_non_null(strstr(text, "info info 2\n"));
    assert_null(strstr(text, "debug 1"));
    struct config_log louder = text_to_stderr;
    louder.level = LOG_LEVEL_DEBUG;
    log_configure(log, &louder);
    log_write(log, LOG_LEVEL_DEBUG, "debug %d", 3);
    read_all(ends[0], text);
    assert_non_null(strstr(text, "debug debug 3\n"));
    log_destroy(log);
    close(ends[0]);
    close(ends[1]);
}

static void a_full_pipe_does_not_block_and_its_flags_stay(void **state)
{
    (void)state;
    int ends[2];
    char text[LINE_OCTETS];
    assert_int_equal(pipe(ends), 0);
    struct log *log = log_create(&text_to_stderr, ends[1], "/nowhere");
    assert_non_null(log);
    for (int i = 0; i < 100000; i++)
        log_write(log, LOG_LEVEL_INFO, "a line that nobody reads, number %d", i);
    /* The descriptor is shared with others: they must not find it nonblocking. */
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    while (read_all(ends[0], text) > 0)
        ;
    log_write(log, LOG_LEVEL_INFO, "read again");
    read_all(ends[0], text);
    assert_non_null(strstr(text, "read again\n"));
    assert_non_null(strstr(text, "lines of log were lost"));
    log_destroy(log);
    close(ends[0]);
    close(ends[1]);
}

static void a_closed_pipe_is_survived(void **state)
{
    (void)state;
    int ends[2];
    signal(SIGPIPE, SIG_IGN); /* as main() does */
    assert_int_equal(pipe(ends), 0);
    struct log *log = log_create(&text_to_stderr, ends[1], "/nowhere");
    assert_non_null(log);
    close(ends[0]);
    log_write(log, LOG_LEVEL_ERROR, "nobody is there");
    log_destroy(log);
    close(ends[1]);
}

static void syslog_is_found_again_after_its_restart(void **state)
{
    (void)state;
    const struct config_log to_syslog = {LOG_TARGET_SYSLOG, LOG_FORMAT_TEXT, LOG_LEVEL_INFO};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[LINE_OCTETS];
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/contactd-log-test-%d", (int)getpid());
    struct log *log = log_create(&to_syslog, 2, address.sun_path);
    assert_non_null(log);
    log_write(log, LOG_LEVEL_INFO, "before the daemon starts");
    for (int round = 0; round < 2; round++) {
        int daemon = socket(AF_UNIX, SOCK_DGRAM, 0);
        assert_int_equal(bind(daemon, (const struct sockaddr *)&address, sizeof address), 0);
        log_write(log, LOG_LEVEL_INFO, "round %d", round);
        read_all(daemon, text);
        assert_memory_equal(text, "<30>", 4);
        assert_non_null(strstr(text, round == 0 ? "round 0" : "round 1"));
        close(daemon);
        unlink(address.sun_path);
    }
    log_destroy(log);
}

static void one_that_overhears_has_errors_and_warnings_too(void **state)
{
    (void)state;
    int ends[2];
    char text[LINE_OCTETS];
    struct text heard = {0};
    assert_int_equal(pipe(ends), 0);
    struct log *log = log_create(&text_to_stderr, ends[1], "/nowhere");
    struct log *both = log_overhear(log, &heard);
    assert_non_null(both);
    log_set_level(log, LOG_LEVEL_ERROR);
    assert_int_equal(log_level(log), LOG_LEVEL_ERROR);
    log_write(both, LOG_LEVEL_WARNING, "quiet");
    log_set_level(log, LOG_LEVEL_INFO);
    log_write(both, LOG_LEVEL_ERROR, "loud");
    log_write(both, LOG_LEVEL_INFO, "small talk");
    log_write(both, LOG_LEVEL_DEBUG, "nobody hears");
    assert_string_equal(heard.octets, "warning: quiet\nerror: loud\n");
    read_all(ends[0], text);
    assert_null(strstr(text, "quiet"));
    assert_non_null(strstr(text, "error loud\n"));
    assert_non_null(strstr(text, "info small talk\n"));
    assert_null(strstr(text, "nobody"));
    log_destroy(both);
    log_destroy(log);
    text_clear(&heard);
    close(ends[0]);
    close(ends[1]);
}

static void a_pace_allows_one_line_a_minute(void **state)
{
    (void)state;
    struct log_pace pace = {0};
    assert_true(log_pace_allows(&pace, 5));
    assert_false(log_pace_allows(&pace, 6));
    assert_false(log_pace_allows(&pace, 5 + LOG_PACE_MS - 1));
    assert_true(log_pace_allows(&pace, 5 + LOG_PACE_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_below_the_configured_one_are_left_out),
        cmocka_unit_test(a_full_pipe_does_not_block_and_its_flags_stay),
        cmocka_unit_test(a_closed_pipe_is_survived),
        cmocka_unit_test(syslog_is_found_again_after_its_restart),
        cmocka_unit_test(one_that_overhears_has_errors_and_warnings_too),
        cmocka_unit_test(a_pace_allows_one_line_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
