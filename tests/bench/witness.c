/*
 * Asks a server without a pause, or so many questions a second, and judges every answer.
 *
 *     witness [--lanes N] [--tcp-lanes N] [--window N] [--patience S] ADDRESS PORT EXPECTED
 *
 * EXPECTED: see expected.h. Commands come by stdin, one a line:
 *
 *     rate N        questions a second from now on, none before; 0: each answer makes room for the
 *                   next question
 *     period N      questions sent from now on are counted in period N, 0 to 15
 *     begun N       publish N may be seen from now on
 *     published N   whatever is asked from now on is to be answered from publish N or a later one
 *     tell          one line of JSON on stdout: what is known so far
 *     end           no more questions; once all are answered or lost, the same line, and the end
 *
 * The exit status is 0 when it has come to its end; what it saw is for the caller to judge.
 */
#include "tests/bench/witness.h"

#include "tests/bench/net.h"

#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXPIRE_EVERY_NS ((int64_t)50000000)
#define WAIT_NS         ((int64_t)5000000) /* at most, for whatever comes next */
#define LINE_OCTETS     256

struct loop {
    struct witness all; /* the first: `look` is given it */
    struct lane *lanes[WITNESS_LANES];
    size_t lane_count;
    bool ended;
    double rate; /* questions a second; 0: no limit; below: none */
    int64_t rate_ns;
    double rate_sent; /* since rate_ns */
    int64_t expired_ns;
    char line[LINE_OCTETS];
    size_t line_octets;
};

static void tell(const struct witness *all)
{
    printf("{\"strange\": %lu, \"opened\": %lu, \"least\": %lld, \"periods\": [", all->strange,
           all->opened, (long long)all->least);
    for (size_t i = 0; i < WITNESS_PERIODS; i++) {
        const struct tally *tally = &all->tallies[i];
        printf("%s{\"sent\": %lu, \"answered\": %lu, \"lost\": %lu, \"again\": %lu, "
               "\"right\": %lu, \"wrong\": %lu, \"mixed\": %lu, \"back\": %lu, \"ahead\": %lu, "
               "\"slowest_ms\": %.3f}",
               i > 0 ? ", " : "", tally->sent, tally->answered, tally->lost, tally->again,
               tally->verdicts[VERDICT_RIGHT], tally->verdicts[VERDICT_WRONG],
               tally->verdicts[VERDICT_MIXED], tally->verdicts[VERDICT_BACK],
               tally->verdicts[VERDICT_AHEAD], (double)tally->slowest_ns / 1e6);
    }
    printf("]}\n");
    fflush(stdout);
}

static void obey(struct loop *loop, const char *line)
{
    struct witness *all = &loop->all;
    long long number = 0;
    char word[LINE_OCTETS];

    if (sscanf(line, "%255s %lld", word, &number) < 1)
        return;
    if (strcmp(word, "rate") == 0) {
        loop->rate = (double)number;
        loop->rate_ns = net_now_ns();
        loop->rate_sent = 0;
    } else if (strcmp(word, "period") == 0 && number >= 0 && number < WITNESS_PERIODS) {
        all->period = (size_t)number;
    } else if (strcmp(word, "begun") == 0) {
        all->most = number;
    } else if (strcmp(word, "published") == 0) {
        all->least = number > all->least ? number : all->least;
    } else if (strcmp(word, "tell") == 0) {
        tell(all);
    } else {
        loop->ended = true;
    }
}

/* Obeys all lines that are there; the end of stdin is the end. */
static void take_commands(struct loop *loop)
{
    char octets[LINE_OCTETS];
    ssize_t n;

    while ((n = read(STDIN_FILENO, octets, sizeof octets)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (octets[i] != '\n' && loop->line_octets < LINE_OCTETS - 1) {
                loop->line[loop->line_octets++] = octets[i];
                continue;
            }
            loop->line[loop->line_octets] = '\0';
            loop->line_octets = 0;
            obey(loop, loop->line);
        }
    }
    if (n == 0)
        loop->ended = true;
}

static void look(struct witness *all)
{
    take_commands((struct loop *)(void *)all);
}

static bool all_idle(const struct loop *loop)
{
    for (size_t i = 0; i < loop->lane_count; i++) {
        if (!lane_is_idle(loop->lanes[i]))
            return false;
    }
    return true;
}

/* How many questions are due; what could not be sent for a while is not made up for all at once. */
static size_t budget(struct loop *loop, int64_t now)
{
    if (loop->ended || loop->rate < 0)
        return 0;
    if (loop->rate == 0)
        return SIZE_MAX;
    double due = (double)(now - loop->rate_ns) / 1e9 * loop->rate - loop->rate_sent;
    double most = (double)(loop->lane_count * loop->all.window);
    if (due > most) {
        loop->rate_sent += due - most;
        due = most;
    }
    return due > 0 ? (size_t)due : 0;
}

static void send_questions(struct loop *loop, int64_t now)
{
    size_t due = budget(loop, now);
    size_t share = due == SIZE_MAX ? due : due / loop->lane_count + 1;

    for (size_t i = 0; i < loop->lane_count; i++) {
        size_t allowed = due < share ? due : share;
        size_t sent = lane_send(loop->lanes[i], allowed, now);
        loop->rate_sent += (double)sent;
        due -= due == SIZE_MAX ? 0 : sent;
    }
}

static void wait_and_receive(struct loop *loop)
{
    struct pollfd polls[WITNESS_LANES + 1] = {{STDIN_FILENO, POLLIN, 0}};
    int64_t wait_ns = WAIT_NS;

    if (loop->rate > 0 && 1e9 / loop->rate < (double)wait_ns)
        wait_ns = 200000;
    const struct timespec wait = {0, wait_ns};
    for (size_t i = 0; i < loop->lane_count; i++)
        polls[i + 1] =
            (struct pollfd){lane_descriptor(loop->lanes[i]), lane_awaits(loop->lanes[i]), 0};
    (void)ppoll(polls, loop->lane_count + 1, &wait, NULL);
    if (polls[0].revents)
        take_commands(loop);
    for (size_t i = 0; i < loop->lane_count; i++) {
        if (polls[i + 1].revents)
            lane_receive(loop->lanes[i]);
    }
}

static void run(struct loop *loop)
{
    while (!loop->ended || !all_idle(loop)) {
        int64_t now = net_now_ns();
        send_questions(loop, now);
        wait_and_receive(loop);
        if (now - loop->expired_ns < EXPIRE_EVERY_NS)
            continue;
        loop->expired_ns = now;
        for (size_t i = 0; i < loop->lane_count; i++)
            lane_expire(loop->lanes[i], now);
    }
    tell(&loop->all);
}

static bool resolve(const char *address, const char *port, struct witness *all)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;

    int code = getaddrinfo(address, port, &hints, &found);
    if (code != 0) {
        fprintf(stderr, "%s port %s: %s\n", address, port, gai_strerror(code));
        return false;
    }
    memcpy(&all->server, found->ai_addr, found->ai_addrlen);
    all->server_length = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool has_questions(const struct expected *expected, bool by_tcp)
{
    for (size_t i = 0; i < expected->count; i++) {
        if (expected->questions[i].by_tcp == by_tcp)
            return true;
    }
    return false;
}

static bool open_lanes(struct loop *loop, size_t datagrams, size_t streams)
{
    for (size_t i = 0; i < datagrams + streams; i++) {
        bool by_tcp = i >= datagrams;
        if (!has_questions(&loop->all.expected, by_tcp) ||
            lane_create(&loop->all, by_tcp, &loop->lanes[i]) != STATUS_OK) {
            fprintf(stderr, "witness: no lane, or no question for it\n");
            return false;
        }
        loop->lane_count++;
    }
    return loop->lane_count > 0;
}

struct choice {
    long lanes, tcp_lanes, window;
    double patience;
    char **place; /* ADDRESS PORT EXPECTED */
};

static bool read_arguments(int argc, char **argv, struct choice *choice)
{
    static const struct option options[] = {
        {"lanes", required_argument, NULL, 'l'},
        {"tcp-lanes", required_argument, NULL, 't'},
        {"window", required_argument, NULL, 'w'},
        {"patience", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    int option;

    *choice = (struct choice){.lanes = 4, .tcp_lanes = 0, .window = 32, .patience = 5};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'l')
            choice->lanes = strtol(optarg, NULL, 10);
        else if (option == 't')
            choice->tcp_lanes = strtol(optarg, NULL, 10);
        else if (option == 'w')
            choice->window = strtol(optarg, NULL, 10);
        else if (option == 'p')
            choice->patience = strtod(optarg, NULL);
        else
            return false;
    }
    choice->place = argv + optind;
    return argc - optind == 3 && choice->window >= 1 && choice->window <= WITNESS_WINDOW &&
           choice->lanes >= 0 && choice->tcp_lanes >= 0 &&
           choice->lanes + choice->tcp_lanes <= WITNESS_LANES;
}

int main(int argc, char **argv)
{
    struct choice choice;

    if (!read_arguments(argc, argv, &choice)) {
        fprintf(stderr, "usage: witness [--lanes N] [--tcp-lanes N] [--window N] [--patience S] "
                        "ADDRESS PORT EXPECTED\n");
        return 64;
    }
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop || expected_read(choice.place[2], &loop->all.expected) != STATUS_OK) {
        free(loop);
        return 1;
    }
    loop->all.window = (size_t)choice.window;
    loop->all.patience_ns = (int64_t)(choice.patience * 1e9);
    loop->all.look = look;
    loop->rate = -1;
    bool done = resolve(choice.place[0], choice.place[1], &loop->all) &&
                fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) == 0 &&
                open_lanes(loop, (size_t)choice.lanes, (size_t)choice.tcp_lanes);
    if (done)
        run(loop);
    for (size_t i = 0; i < loop->lane_count; i++)
        lane_destroy(loop->lanes[i]);
    expected_free(&loop->all.expected);
    free(loop);
    return done ? 0 : 1;
}
