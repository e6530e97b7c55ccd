/* An HTTP/1.1 endpoint that measures how old each request is when it arrives.
 *
 *   receiver [WORD]
 *
 * Listens on a free loopback port and prints it. Answers 204 to every request, takes the send time from
 * `"sent_at"` in its body, and on SIGTERM prints the distribution of arrival minus send time as JSON, and how many of the
 * accepted bodies were different. A second line is for drills: what was accepted in each tenth of a second, and what was not.
 * Understands what its three senders use: kept connections, pipelining, Content-Length.
 *
 * It can be sick: a body that has WORD in it is answered 422; from SIGUSR1 on all are answered 503; from SIGUSR2 on
 * connections are refused, and those that stand are closed. SIGHUP makes it well again.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "pace.h"

static const char accepting[] = "HTTP/1.1 204 No Content\r\n\r\n";
static const char refusing[] = "HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 0\r\n\r\n";
static const char failing[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
static const char key[] = "\"sent_at\":";

struct connection {
    int descriptor;
    size_t used;
    char bytes[32768];
};

/* By their descriptors. */
static struct connection *connections[8192];

static const char *word;
static int is_failing;

/* What was accepted in each tenth of a second since the start; when the first came since the last signal. */
static int64_t started, back;
static long accepted[36000], refused;
static int tenths;

/* When requests were answered 503: the first of them. */
enum { MOST_FAILURES = 1024 };
static int64_t failed[MOST_FAILURES];
static long failures;

static int64_t *ages;
static size_t age_count, age_capacity;
static long requests, unstamped, head_bytes, body_bytes;

/* Hashes of the bodies that have come: an open table, at most half full, in which 0 is an empty place. */
static uint64_t *seen;
static size_t seen_capacity;
static long distinct;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "receiver: %s: %s\n", what, why);
    exit(1);
}

/* Whether the hash is new to the table. */
static int put(uint64_t *table, size_t capacity, uint64_t hash) {
    size_t place = hash & (capacity - 1);
    while (table[place] != 0 && table[place] != hash) place = (place + 1) & (capacity - 1);
    int is_new = table[place] == 0;
    table[place] = hash;
    return is_new;
}

static void remember(const char *body, size_t length) {
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, eight bytes at a time */
    for (size_t at = 0; at < length; at += 8) {
        uint64_t word = 0;
        memcpy(&word, body + at, length - at < 8 ? length - at : 8);
        hash = (hash ^ word) * 0x100000001b3;
        hash ^= hash >> 32;
    }
    if ((size_t)distinct * 2 >= seen_capacity) {
        size_t capacity = seen_capacity ? seen_capacity * 2 : 65536;
        uint64_t *table = calloc(capacity, sizeof *table);
        if (!table) fail("remember", "out of memory");
        for (size_t n = 0; n < seen_capacity; n++)
            if (seen[n]) put(table, capacity, seen[n]);
        free(seen);
        seen = table;
        seen_capacity = capacity;
    }
    distinct += put(seen, seen_capacity, hash ? hash : 1);
}

static void record(const char *body, size_t length, int64_t arrival) {
    const char *at = memmem(body, length, key, sizeof key - 1), *end = body + length;
    int64_t sent = 0;
    if (at) at += sizeof key - 1;
    while (at && at < end && (*at == ' ' || *at == '"')) at++;
    for (; at && at < end && *at >= '0' && *at <= '9' && sent < INT64_MAX / 16; at++) sent = sent * 10 + (*at - '0');
    if (sent == 0) {
        unstamped++;
        return;
    }
    if (age_count == age_capacity) {
        age_capacity = age_capacity ? age_capacity * 2 : 16384;
        ages = realloc(ages, age_capacity * sizeof *ages);
        if (!ages) fail("record", "out of memory");
    }
    ages[age_count++] = arrival - sent;
}

static const char *answer(const char *body, size_t length, int64_t arrival) {
    if (is_failing) {
        if (failures < MOST_FAILURES) failed[failures] = arrival;
        failures++;
        return failing;
    }
    if (word && memmem(body, length, word, strlen(word))) {
        refused++;
        return refusing;
    }
    remember(body, length);
    if (back == 0) back = arrival;
    int64_t tenth = (arrival - started) / 100000;
    if (tenth < (int64_t)(sizeof accepted / sizeof *accepted)) {
        accepted[tenth]++;
        tenths = tenth + 1;
    }
    return accepting;
}

/* Bytes of the first complete request in the buffer, or 0 if there is none yet; and what to answer. */
static size_t take_request(struct connection *connection, int64_t arrival, const char **with) {
    char *end = memmem(connection->bytes, connection->used, "\r\n\r\n", 4);
    if (!end) return 0;
    *end = 0; /* so that strcasestr stays inside the head */
    char *declared = strcasestr(connection->bytes, "\r\ncontent-length:");
    size_t head = end + 4 - connection->bytes, body = declared ? strtoul(declared + 17, NULL, 10) : 0;
    *end = '\r';
    if (body > sizeof connection->bytes - head) fail("request", "is too large");
    if (connection->used < head + body) return 0;
    requests++;
    head_bytes += head;
    body_bytes += body;
    record(connection->bytes + head, body, arrival);
    *with = answer(connection->bytes + head, body, arrival);
    return head + body;
}

/* Whether the connection lives on. */
static int serve(struct connection *connection) {
    ssize_t got = recv(connection->descriptor, connection->bytes + connection->used,
                       sizeof connection->bytes - connection->used, 0);
    int64_t arrival = now_us();
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    connection->used += got;
    const char *with;
    for (size_t length; (length = take_request(connection, arrival, &with));) {
        ssize_t size = strlen(with);
        if (send(connection->descriptor, with, size, MSG_NOSIGNAL) != size) return 0;
        connection->used -= length;
        memmove(connection->bytes, connection->bytes + length, connection->used);
    }
    return connection->used < sizeof connection->bytes;
}

static int ascending(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Nearest rank. */
static long long percentile(double share) {
    if (age_count == 0) return 0;
    size_t rank = (size_t)(share * age_count + 0.999999);
    return ages[rank == 0 ? 0 : rank > age_count ? age_count - 1 : rank - 1];
}

static void report(void) {
    double total = requests ? requests : 1;
    qsort(ages, age_count, sizeof *ages, ascending);
    printf("{\"requests\": %ld, \"distinct\": %ld, \"measured\": %zu, \"unstamped\": %ld, \"p50_us\": %lld, \"p90_us\": %lld, "
           "\"p99_us\": %lld, \"max_us\": %lld, \"head_bytes\": %.1f, \"body_bytes\": %.1f}\n",
           requests, distinct, age_count, unstamped, percentile(0.5), percentile(0.9), percentile(0.99), percentile(1),
           head_bytes / total, body_bytes / total);
    printf("{\"started_us\": %lld, \"back_us\": %lld, \"refused\": %ld, \"failed\": %ld", (long long)started, (long long)back,
           refused, failures);
    printf(", \"failed_us\": [");
    for (long n = 0; n < failures && n < MOST_FAILURES; n++) printf("%s%lld", n ? ", " : "", (long long)failed[n]);
    printf("], \"accepted\": [");
    for (int n = 0; n < tenths; n++) printf("%s%ld", n ? ", " : "", accepted[n]);
    printf("]}\n");
}

static void hang_up(struct connection *connection) {
    connections[connection->descriptor] = NULL;
    close(connection->descriptor);
    free(connection);
}

static int bind_to(const struct sockaddr_in *address) {
    int one = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* So that it may listen again while connections that it has closed are in TIME_WAIT. */
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(descriptor, (const struct sockaddr *)address, sizeof *address) != 0) fail("bind", strerror(errno));
    return descriptor;
}

/* The port stays bound, and nobody else gets it. */
static void refuse_connections(int listener, int poller) {
    epoll_ctl(poller, EPOLL_CTL_DEL, listener, NULL);
    shutdown(listener, SHUT_RDWR);
    for (size_t n = 0; n < sizeof connections / sizeof *connections; n++)
        if (connections[n]) hang_up(connections[n]);
}

static void accept_connections(int *listener, int poller) {
    if (listen(*listener, 1024) != 0) fail("listen", strerror(errno));
    epoll_ctl(poller, EPOLL_CTL_ADD, *listener, &(struct epoll_event){.events = EPOLLIN, .data.ptr = listener});
}

/* What `signal` asks for. */
static void change(int signal, int *listener, int poller) {
    static int is_listening = 1;
    is_failing = signal == SIGUSR1;
    if (signal == SIGUSR2 && is_listening) refuse_connections(*listener, poller);
    if (signal != SIGUSR2 && !is_listening) accept_connections(listener, poller);
    is_listening = signal != SIGUSR2;
    back = 0;
}

int main(int argc, char **argv) {
    word = argc > 1 ? argv[1] : NULL;
    started = now_us();
    static const int heeded[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t n = 0; n < sizeof heeded / sizeof *heeded; n++) sigaddset(&set, heeded[n]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, SFD_CLOEXEC), poller = epoll_create1(EPOLL_CLOEXEC);

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = bind_to(&address);
    getsockname(listener, (struct sockaddr *)&address, &(socklen_t){sizeof address});
    close(listener);
    listener = bind_to(&address); /* only a port that was asked for is kept by a listener that does not listen */
    accept_connections(&listener, poller);
    printf("{\"port\": %d}\n", ntohs(address.sin_port));
    fflush(stdout);

    epoll_ctl(poller, EPOLL_CTL_ADD, signals, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &signals});
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(poller, events, 64, -1);
        for (int n = 0; n < ready; n++) {
            struct connection *connection = events[n].data.ptr;
            if (events[n].data.ptr == &signals) {
                struct signalfd_siginfo signal;
                if (read(signals, &signal, sizeof signal) != sizeof signal) continue;
                if (signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT) {
                    report();
                    return 0;
                }
                change(signal.ssi_signo, &listener, poller);
                break; /* the other events may be of connections that are gone */
            }
            if (events[n].data.ptr == &listener) {
                int one = 1, descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (descriptor < 0) continue;
                if ((size_t)descriptor >= sizeof connections / sizeof *connections) fail("accept", "too many connections");
                if (!(connection = malloc(sizeof *connection))) fail("accept", "out of memory");
                connections[descriptor] = connection;
                setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                connection->descriptor = descriptor;
                connection->used = 0;
                struct epoll_event readable = {.events = EPOLLIN, .data.ptr = connection};
                epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &readable);
            } else if (!serve(connection)) {
                hang_up(connection);
            }
        }
    }
}
