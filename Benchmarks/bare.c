/* The floor: a POST loop with libcurl and nothing else. No Redis, no signature, no retry.
 *
 *   bare URL HEADERS BODY COUNT CONCURRENCY WARMUP [RATE]
 *
 * HEADERS is a file with one header per line, BODY a file sent as it is. Without RATE it posts COUNT times as
 * fast as it can and measures from the answer number WARMUP on. With RATE (per second) it stamps the send
 * time into each body after the first WARMUP, for `receiver` to read. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "pace.h"

struct slot {
    CURL *easy;
    char *body, *stamp;
    char error[CURL_ERROR_SIZE];
    long header_bytes_left;
};

static void fail(const char *what, const char *why) {
    fprintf(stderr, "bare: %s: %s\n", what, why);
    exit(1);
}

static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path, "cannot be opened");
    char *bytes = malloc(65537);
    if (!bytes) fail(path, "out of memory");
    *length = fread(bytes, 1, 65536, file);
    bytes[*length] = 0;
    fclose(file);
    return bytes;
}

static size_t discard(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes, (void)context;
    return size * count;
}

static size_t count_header(char *bytes, size_t size, size_t count, void *left) {
    (void)bytes;
    return (*(long *)left -= (long)(size * count)) < 0 ? 0 : size * count;
}

static int64_t cpu_us(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

static long peak_kib(void) {
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) sscanf(line, "VmHWM: %ld", &kib);
    if (status) fclose(status);
    return kib;
}

static void finish(CURLMsg *message) {
    long status = 0;
    if (message->data.result != CURLE_OK) fail("request", curl_easy_strerror(message->data.result));
    curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299) fail("request", "the answer is not 2xx");
}

int main(int argc, char **argv) {
    if (argc < 7) fail("usage", "bare URL HEADERS BODY COUNT CONCURRENCY WARMUP [RATE]");
    long count = atol(argv[4]), concurrency = atol(argv[5]), warmup = atol(argv[6]);
    double rate = argc > 7 ? atof(argv[7]) : 0;
    if (concurrency < 1 || warmup < 1 || count <= warmup) fail("usage", "COUNT > WARMUP > 0 and CONCURRENCY > 0");

    size_t length, unused;
    char *body = read_file(argv[3], &length), *names = read_file(argv[2], &unused);
    struct curl_slist *headers = NULL;
    for (char *line = strtok(names, "\r\n"); line; line = strtok(NULL, "\r\n"))
        headers = curl_slist_append(headers, line);

    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, concurrency);
    struct slot *slots = calloc(concurrency, sizeof *slots), **idle = calloc(concurrency, sizeof *idle);
    if (!slots || !idle || !multi) fail("start", "out of memory");
    long idle_count = 0;
    for (long n = 0; n < concurrency; n++) {
        struct slot *slot = idle[idle_count++] = &slots[n];
        slot->body = malloc(length);
        if (!slot->body) fail("start", "out of memory");
        memcpy(slot->body, body, length);
        slot->stamp = find_stamp(slot->body, length);
        if (rate > 0 && !slot->stamp) fail(argv[3], "has no place for the send time");
        CURL *easy = slot->easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, slot->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)length);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, slot);
        /* What no sender in earnest leaves out; the same as in Sources/FootbridgeCurl/CurlHandle.swift. */
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 5000L);
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
        curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, 600L);
        curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 118L);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, slot->error);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, count_header);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, &slot->header_bytes_left);
    }

    int timer = open_timer();
    struct curl_waitfd tick = {.fd = timer, .events = CURL_WAIT_POLLIN};
    long started = 0, done = 0, measured_from = 0;
    int64_t began = now_us(), began_cpu = cpu_us(), late = 0;
    const int64_t first_due = began + 1000;
    while (done < count) {
        bool wait_for_timer = false;
        while (started < count && idle_count > 0) {
            if (rate > 0) {
                int64_t due = first_due + (int64_t)(started * 1e6 / rate), now = now_us();
                if (now < due) {
                    arm_timer(timer, due);
                    wait_for_timer = true;
                    break;
                }
                if (started >= warmup && now - due > late) late = now - due;
                if (started >= warmup) write_stamp(idle[idle_count - 1]->stamp, now);
            }
            idle[idle_count - 1]->header_bytes_left = 256 * 1024;
            curl_multi_add_handle(multi, idle[--idle_count]->easy);
            started++;
        }
        int running;
        CURLMcode code = curl_multi_perform(multi, &running);
        if (code != CURLM_OK) fail("curl_multi_perform", curl_multi_strerror(code));
        long done_before = done;
        int queued;
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &queued));) {
            if (message->msg != CURLMSG_DONE) continue;
            finish(message);
            struct slot *slot;
            CURL *easy = message->easy_handle;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &slot);
            curl_multi_remove_handle(multi, easy);
            idle[idle_count++] = slot;
            done++;
        }
        if (measured_from == 0 && done >= warmup) {
            measured_from = done;
            began = now_us();
            began_cpu = cpu_us();
        }
        if (done > done_before && !wait_for_timer && started < count) continue; /* refill before waiting */
        if (done < count) curl_multi_poll(multi, &tick, wait_for_timer ? 1 : 0, 1000, NULL);
        if (wait_for_timer) clear_timer(timer);
    }
    int64_t cpu = cpu_us() - began_cpu, elapsed = now_us() - began;
    double measured = count - measured_from;
    printf("{\"entries\": %ld, \"entries_per_s\": %.1f, \"cpu_us\": %.3f, \"peak_kib\": %ld, \"late_max_us\": %lld}\n",
           count, measured * 1e6 / elapsed, cpu / measured, peak_kib(), (long long)late);
    return 0;
}
