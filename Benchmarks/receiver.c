/* An HTTP/1.1 endpoint that measures how old each request is when it arrives.
 *
 *   receiver
 *
 * Listens on a free loopback port and prints it. Answers 204 to every request, takes the send time from
 * `"sent_at"` in its body, and on SIGTERM prints the distribution of arrival minus send time as JSON, and how many of the
 * bodies were different.
 * Understands what its three senders use: kept connections, pipelining, Content-Length.
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

static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
static const char key[] = "\"sent_at\":";

struct connection {
    int descriptor;
    size_t used;
    char bytes[32768];
};

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

/* Bytes of the first complete request in the buffer, or 0 if there is none yet. */
static size_t take_request(struct connection *connection, int64_t arrival) {
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
    remember(connection->bytes + head, body);
    return head + body;
}

/* Whether the connection lives on. */
static int serve(struct connection *connection) {
    ssize_t got = recv(connection->descriptor, connection->bytes + connection->used,
                       sizeof connection->bytes - connection->used, 0);
    int64_t arrival = now_us();
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    connection->used += got;
    for (size_t length; (length = take_request(connection, arrival));) {
        if (send(connection->descriptor, answer, sizeof answer - 1, MSG_NOSIGNAL) != sizeof answer - 1) return 0;
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
}

int main(void) {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    int signals = signalfd(-1, &stop, SFD_CLOEXEC), poller = epoll_create1(EPOLL_CLOEXEC);

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1024) != 0)
        fail("listen", strerror(errno));
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("{\"port\": %d}\n", ntohs(address.sin_port));
    fflush(stdout);

    epoll_ctl(poller, EPOLL_CTL_ADD, signals, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &signals});
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &listener});
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(poller, events, 64, -1);
        for (int n = 0; n < ready; n++) {
            struct connection *connection = events[n].data.ptr;
            if (events[n].data.ptr == &signals) {
                report();
                return 0;
            }
            if (events[n].data.ptr == &listener) {
                int one = 1, descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (descriptor < 0) continue;
                if (!(connection = malloc(sizeof *connection))) fail("accept", "out of memory");
                setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                connection->descriptor = descriptor;
                connection->used = 0;
                struct epoll_event readable = {.events = EPOLLIN, .data.ptr = connection};
                epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &readable);
            } else if (!serve(connection)) {
                close(connection->descriptor);
                free(connection);
            }
        }
    }
}
