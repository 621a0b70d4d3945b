/*
 * A TLS client that keeps a server busy with what is none of DNS, as fast as it can, one connection
 * after another, and says as JSON how far it got:
 *
 *     abuse handshake|keys ADDRESS PORT SECONDS [FIRST-SOURCE]
 *
 * handshake: shakes hands and closes. keys: TLS 1.3 key updates until it is cut.
 * Connections come from FIRST-SOURCE (127.1.0.1) and the 200 addresses after it in turn.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOURCES     200
#define BATCH       500  /* messages in one write */
#define PATIENCE_MS 2000 /* for the server, which has more to do */

struct abuse {
    const char *mode;
    struct sockaddr_in server;
    uint32_t source; /* host order */
    SSL_CTX *context;
    long connections;
    long failures;
    long messages;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int open_socket(struct abuse *abuse)
{
    const struct timeval patience = {PATIENCE_MS / 1000, 0};
    const struct linger at_once = {1, 0}; /* ports last longer without TIME-WAIT */
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(abuse->source + (uint32_t)(abuse->connections % SOURCES));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (bind(fd, (const struct sockaddr *)&source, sizeof source) == 0 &&
        connect(fd, (const struct sockaddr *)&abuse->server, sizeof abuse->server) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Some key updates in one write; false when the server has closed. */
static bool send_keys(struct abuse *abuse, SSL *ssl, int fd)
{
    BIO *records = BIO_new(BIO_s_mem());
    BIO *socket = SSL_get_wbio(ssl);
    char *octets = NULL;

    BIO_up_ref(socket);
    SSL_set0_wbio(ssl, records);
    for (int i = 0; i < BATCH; i++) {
        SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
        SSL_do_handshake(ssl);
    }
    long length = BIO_get_mem_data(records, &octets);
    ssize_t sent = send(fd, octets, (size_t)length, MSG_NOSIGNAL);
    SSL_set0_wbio(ssl, socket);
    abuse->messages += sent > 0 ? BATCH : 0;
    return sent == length;
}

static void connect_once(struct abuse *abuse, double end)
{
    char octet;
    int fd = open_socket(abuse);
    abuse->connections++;
    if (fd < 0) {
        abuse->failures++;
        return;
    }
    SSL *ssl = SSL_new(abuse->context);
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) != 1)
        abuse->failures++;
    else if (strcmp(abuse->mode, "keys") == 0)
        while (now_s() < end && send_keys(abuse, ssl, fd) &&
               recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) != 0)
            ;
    SSL_free(ssl);
    close(fd);
}

int main(int argc, char **argv)
{
    struct abuse abuse = {.mode = argc > 1 ? argv[1] : "", .server.sin_family = AF_INET};
    struct in_addr source;
    if (argc < 5 || inet_pton(AF_INET, argv[2], &abuse.server.sin_addr) != 1 ||
        inet_pton(AF_INET, argc > 5 ? argv[5] : "127.1.0.1", &source) != 1) {
        fprintf(stderr, "usage: abuse handshake|keys ADDRESS PORT SECONDS [SOURCE]\n");
        return 64;
    }
    abuse.server.sin_port = htons((uint16_t)atoi(argv[3]));
    abuse.source = ntohl(source.s_addr);
    signal(SIGPIPE, SIG_IGN);
    abuse.context = SSL_CTX_new(TLS_client_method());
    double begun = now_s(), end = begun + atof(argv[4]);
    while (now_s() < end)
        connect_once(&abuse, end);
    printf("{\"connections\": %ld, \"failures\": %ld, \"messages\": %ld, \"seconds\": %.3f}\n",
           abuse.connections, abuse.failures, abuse.messages, now_s() - begun);
    SSL_CTX_free(abuse.context);
    return 0;
}
