// What the library needs of the system beside libcurl, in one form for all of them: Swift sees types and macros that differ
// from one C library to the next, and some not at all. Linux is what is tested.
#ifndef FOOTBRIDGE_SYSTEM_H
#define FOOTBRIDGE_SYSTEM_H

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

// Clocks.

/// Nanoseconds since the machine started, those in which it was suspended included.
static inline int64_t footbridge_monotonic_nanoseconds(void) {
    struct timespec time;
#ifdef CLOCK_BOOTTIME
    clock_gettime(CLOCK_BOOTTIME, &time);
#else
    clock_gettime(CLOCK_MONOTONIC, &time); // on Darwin it counts them, too
#endif
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Milliseconds since 1970.
static inline int64_t footbridge_wall_milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// Threads and signals.

/// Blocks SIGPIPE in the calling thread; false if it was blocked before.
static inline _Bool footbridge_block_pipe_signal(void) {
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    return !sigismember(&before, SIGPIPE);
}

/// Lets the calling thread have SIGPIPE again, but not one that came while it was blocked.
static inline void footbridge_unblock_pipe_signal(void) {
    sigset_t pipe, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    int number;
    if (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE)) sigwait(&pipe, &number);
    pthread_sigmask(SIG_UNBLOCK, &pipe, NULL);
}

/// Starts a thread that nobody waits for and in which SIGPIPE is blocked; the error of pthread_create(3), or 0.
static inline int footbridge_start_thread(void *_Nullable (*_Nonnull body)(void *_Nullable), void *_Nonnull context) {
    pthread_t thread;
    // It inherits the caller's signals.
    _Bool taken = footbridge_block_pipe_signal();
    int failure = pthread_create(&thread, NULL, body, context);
    if (taken) footbridge_unblock_pipe_signal();
    if (failure == 0) pthread_detach(thread);
    return failure;
}

/// A number that no other thread has while this one runs.
static inline uintptr_t footbridge_current_thread(void) {
    return (uintptr_t)pthread_self();
}

/// Names the calling thread, as ps and perf show it; 15 bytes at most.
static inline void footbridge_name_thread(const char *_Nonnull name) {
#if defined(__linux__)
    prctl(PR_SET_NAME, name, 0, 0, 0);
#elif defined(__APPLE__)
    pthread_setname_np(name);
#endif
}

static inline int footbridge_errno(void) {
    return errno;
}

// Descriptors.

/// Children do not inherit it.
static inline void footbridge_close_on_exec(int descriptor) {
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

static inline _Bool footbridge_is_open(int descriptor) {
    return fcntl(descriptor, F_GETFD) >= 0;
}

/// A socket that children do not inherit; -1 if there is none.
static inline int footbridge_socket(int family, int type, int protocol) {
#ifdef SOCK_CLOEXEC
    return socket(family, type | SOCK_CLOEXEC, protocol);
#else
    int descriptor = socket(family, type, protocol);
    if (descriptor >= 0) footbridge_close_on_exec(descriptor);
    return descriptor;
#endif
}

/// The next connection, which children do not inherit and which never blocks; -1 if there is none.
static inline int footbridge_accept(int listener) {
#ifdef __linux__
    // Swift sees no accept4.
    int descriptor = (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    int descriptor = accept(listener, NULL, NULL);
    if (descriptor >= 0) {
        footbridge_close_on_exec(descriptor);
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
    }
#endif
    int yes = 1;
    // Not every socket knows it; those of TCP shall not wait for more to send along.
    if (descriptor >= 0) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return descriptor;
}

/// Ends a connection of TCP whose data nobody has acknowledged for so long.
static inline void footbridge_bound_silence(int descriptor, int milliseconds) {
#if defined(TCP_USER_TIMEOUT)
    setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
#elif defined(TCP_RXT_CONNDROPTIME)
    int seconds = (milliseconds + 999) / 1000;
    setsockopt(descriptor, IPPROTO_TCP, TCP_RXT_CONNDROPTIME, &seconds, sizeof seconds);
#endif
}

/// A descriptor that is good for nothing but being counted; -1 if there is none left.
static inline int footbridge_spare_descriptor(void) {
    return footbridge_socket(AF_UNIX, SOCK_STREAM, 0);
}

// Waiting. libcurl's form of pollfd is laid out as the system's, and its flags are poll(2)'s.

_Static_assert(sizeof(struct curl_waitfd) == sizeof(struct pollfd) && CURL_WAIT_POLLIN == POLLIN &&
                   CURL_WAIT_POLLOUT == POLLOUT,
               "curl_waitfd is no pollfd");

static inline int footbridge_poll(struct curl_waitfd *_Nullable descriptors, unsigned count, int milliseconds) {
    return poll((struct pollfd *)descriptors, count, milliseconds);
}

static inline _Bool footbridge_polled_read(short events) {
    return (events & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static inline _Bool footbridge_polled_write(short events) {
    return (events & POLLOUT) != 0;
}

/// Two ends of a pipe, neither of which blocks; false if there is none.
static inline _Bool footbridge_pipe(int *_Nonnull reader, int *_Nonnull writer) {
    int ends[2];
    if (pipe(ends) != 0) return 0;
    for (int index = 0; index < 2; index++) {
        footbridge_close_on_exec(ends[index]);
        fcntl(ends[index], F_SETFL, O_NONBLOCK);
    }
    *reader = ends[0];
    *writer = ends[1];
    return 1;
}

/// Makes the other end readable: of a pipe, or of an eventfd, which is its own other end.
static inline void footbridge_wake(int writer) {
    uint64_t one = 1;
    // A pipe that is full is readable already.
    ssize_t count = write(writer, &one, sizeof one);
    (void)count;
}

/// Takes out all that was written.
static inline void footbridge_drain(int reader) {
    char bytes[512];
    while (read(reader, bytes, sizeof bytes) > 0) continue;
}

#ifdef __linux__
/// Readable when it was written to, until it is read; -1 if there is none.
static inline int footbridge_eventfd(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

/// One descriptor that is ready; epoll_event itself is packed, which Swift does not import.
struct footbridge_ready {
    uint64_t token;
    uint32_t events;
};

static inline int footbridge_epoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

static inline int footbridge_epoll_set(int epoll, int descriptor, _Bool add, _Bool writing, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data = {.u64 = token}};
    return epoll_ctl(epoll, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event);
}

static inline int footbridge_epoll_remove(int epoll, int descriptor) {
    struct epoll_event event = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event);
}

/// The descriptors that are ready now, at most 64 of them.
static inline int footbridge_epoll_ready(int epoll, struct footbridge_ready *_Nullable ready, int capacity) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, capacity < 64 ? capacity : 64, 0);
    for (int index = 0; index < count; index++) {
        ready[index].token = events[index].data.u64;
        ready[index].events = events[index].events;
    }
    return count;
}

static inline _Bool footbridge_can_read(uint32_t events) {
    return (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
}

static inline _Bool footbridge_can_write(uint32_t events) {
    return (events & EPOLLOUT) != 0;
}
#endif

#endif
