/* Pacing and stamping, shared by everything that sends at a steady rate. */
#ifndef PACE_H
#define PACE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* The place of the send time in a body: sixteen digits, microseconds. All zeros means "do not count". */
#define STAMP "0000000000000000"
#define STAMP_LENGTH (sizeof STAMP - 1)

/* One clock for all processes of the machine, and no one sets it. */
static inline int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A descriptor to poll for the next due time: poll()'s own timeout counts in whole milliseconds. */
static inline int open_timer(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

static inline void arm_timer(int timer, int64_t due_us) {
    struct itimerspec at = {.it_value = {.tv_sec = due_us / 1000000, .tv_nsec = due_us % 1000000 * 1000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static inline void clear_timer(int timer) {
    uint64_t expirations;
    if (read(timer, &expirations, sizeof expirations) < 0) return; /* not expired yet: nothing to clear */
}

static inline char *find_stamp(char *bytes, size_t length) { return memmem(bytes, length, STAMP, STAMP_LENGTH); }

/* No stamp twice: those of one burst are moved on by a microsecond each, so that the receiver can tell the bodies apart. */
static inline void write_stamp(char *stamp, int64_t us) {
    static int64_t last;
    char digits[24];
    us = last = us > last ? us : last + 1;
    snprintf(digits, sizeof digits, "%016lld", (long long)us);
    memcpy(stamp, digits, STAMP_LENGTH);
}

#endif
