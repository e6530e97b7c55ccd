/* Adds entries to a stream at a steady rate.
 *
 *   producer PORT COMMAND COUNT RATE WARMUP
 *
 * COMMAND is a file with one encoded XADD; the send time is stamped into it just before it is written, except
 * in the first WARMUP. Prints one line of JSON when Redis has answered all of them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>

#include "pace.h"

static void fail(const char *what, const char *why) {
    fprintf(stderr, "producer: %s: %s\n", what, why);
    exit(1);
}

static int connect_to(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0)
        fail("connect", strerror(errno));
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return descriptor;
}

/* A reply to XADD is two lines, `$15` and the id; an error is one that starts with `-`. */
static long count_replies(int descriptor) {
    static bool at_line_start = true;
    static long lines = 0;
    char bytes[16384];
    ssize_t got = recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0) fail("redis", "closed the connection");
    if (got < 0 && errno != EAGAIN && errno != EINTR) fail("redis", strerror(errno));
    for (ssize_t n = 0; n < got; n++) {
        if (at_line_start && bytes[n] == '-') fail("redis", "answered with an error");
        at_line_start = bytes[n] == '\n';
        if (at_line_start) lines++;
    }
    return lines / 2;
}

int main(int argc, char **argv) {
    if (argc != 6) fail("usage", "producer PORT COMMAND COUNT RATE WARMUP");
    long count = atol(argv[3]), warmup = atol(argv[5]);
    double rate = atof(argv[4]);
    if (rate <= 0 || count <= warmup) fail("usage", "RATE > 0 and COUNT > WARMUP");

    static char command[65536];
    FILE *file = fopen(argv[2], "rb");
    if (!file) fail(argv[2], "cannot be opened");
    size_t length = fread(command, 1, sizeof command, file);
    fclose(file);
    char *stamp = find_stamp(command, length);
    if (!stamp) fail(argv[2], "has no place for the send time");

    int redis = connect_to(atoi(argv[1])), timer = open_timer();
    const int64_t first_due = now_us() + 1000;
    int64_t late = 0;
    long sent = 0, replied = 0;
    while (replied < count) {
        struct pollfd ready[] = {{.fd = redis, .events = POLLIN}, {.fd = timer, .events = POLLIN}};
        for (; sent < count; sent++) {
            int64_t due = first_due + (int64_t)(sent * 1e6 / rate), now = now_us();
            if (now < due) {
                arm_timer(timer, due);
                break;
            }
            if (sent >= warmup && now - due > late) late = now - due;
            if (sent >= warmup) write_stamp(stamp, now);
            for (size_t written = 0; written < length;) {
                ssize_t put = send(redis, command + written, length - written, MSG_NOSIGNAL);
                if (put < 0 && errno != EINTR) fail("redis", strerror(errno));
                if (put > 0) written += put;
            }
        }
        if (poll(ready, sent < count ? 2 : 1, 1000) < 0 && errno != EINTR) fail("poll", strerror(errno));
        if (ready[0].revents) replied = count_replies(redis);
        if (ready[1].revents) clear_timer(timer);
    }
    double seconds = (now_us() - first_due) / 1e6;
    printf("{\"entries\": %ld, \"entries_per_s\": %.1f, \"late_max_us\": %lld}\n", count, count / seconds,
           (long long)late);
    return 0;
}
