// libcurl for Swift. curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call:
// here they stand once per argument type, so that a call site can only pass what libcurl will read.
#ifndef FOOTBRIDGE_CCURL_SHIM_H
#define FOOTBRIDGE_CCURL_SHIM_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

typedef size_t (*footbridge_data_callback)(char *bytes, size_t size, size_t count, void *context);
typedef int (*footbridge_progress_callback)(void *context, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
                                            curl_off_t ulnow);

static inline CURLcode footbridge_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode footbridge_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode footbridge_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode footbridge_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode footbridge_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode footbridge_set_data_callback(CURL *easy, CURLoption option, footbridge_data_callback value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode footbridge_set_progress_callback(CURL *easy, footbridge_progress_callback value) {
    return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, value);
}

/// Counts the bytes of header lines down from what `context`, a size_t, still allows. In C, for it is called once a line.
static inline size_t footbridge_count_header(char *bytes, size_t size, size_t count, void *context) {
    size_t *allowed = context;
    (void)bytes;
    if (size * count > *allowed) return 0;
    *allowed -= size * count;
    return size * count;
}

static inline CURLcode footbridge_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode footbridge_get_socket(CURL *easy, CURLINFO info, curl_socket_t *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode footbridge_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode footbridge_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode footbridge_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode footbridge_multi_set_socket_callback(CURLM *multi, curl_socket_callback value) {
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, value);
}

static inline CURLMcode footbridge_multi_set_timer_callback(CURLM *multi, curl_multi_timer_callback value) {
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, value);
}

static inline CURLcode footbridge_set_socket_callback(CURL *easy, curl_sockopt_callback value) {
    return curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, value);
}

static inline CURLcode footbridge_message_result(const CURLMsg *message) {
    return message->data.result;
}

static inline const char *footbridge_curl_ssl_version(void) {
    return curl_version_info(CURLVERSION_NOW)->ssl_version;
}

static inline const char *footbridge_curl_version(void) {
    return curl_version_info(CURLVERSION_NOW)->version;
}

// What the loop needs of Linux beside libcurl, and Swift's Glibc module leaves out.

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
static inline int footbridge_epoll_ready(int epoll, struct footbridge_ready *ready, int capacity) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, capacity < 64 ? capacity : 64, 0);
    for (int index = 0; index < count; index++) {
        ready[index].token = events[index].data.u64;
        ready[index].events = events[index].events;
    }
    return count;
}

/// A descriptor that becomes readable when another thread writes to it, until it is read.
static inline int footbridge_event_create(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static inline void footbridge_event_set(int descriptor) {
    (void)eventfd_write(descriptor, 1);
}

static inline void footbridge_event_clear(int descriptor) {
    eventfd_t value;
    (void)eventfd_read(descriptor, &value);
}

static inline _Bool footbridge_can_read(uint32_t events) {
    return (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
}

static inline _Bool footbridge_can_write(uint32_t events) {
    return (events & EPOLLOUT) != 0;
}

/// Names the calling thread, as ps and perf show it; 15 bytes at most.
static inline void footbridge_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

#endif
