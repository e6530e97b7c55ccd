// libcurl for Swift. curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call:
// here they stand once per argument type, so that a call site can only pass what libcurl will read.
#ifndef FOOTBRIDGE_CCURL_SHIM_H
#define FOOTBRIDGE_CCURL_SHIM_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include "system.h"

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

/// libcurl keeps a copy.
static inline CURLcode footbridge_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, &blob);
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

// What libcurl tells while a transfer runs. In C, for some of it is called once a line.

/// One transfer as the callbacks below see it; all zero but for what its owner sets before the start.
struct footbridge_transfer {
    CURL *easy;
    /// Header bytes that the answer may still have.
    size_t header_bytes_left;
    /// The length of our body.
    curl_off_t body_bytes;
    /// After an answer of 300 or above, the connection is not used again.
    _Bool closes_after_errors;
    /// When each connection of the loop was made, by its local port, in milliseconds of any clock; 65,536 of them.
    uint32_t *made_at;
    /// The same clock now.
    uint32_t now;
    /// A connection older than this is not used again after an error that is not of the message: it may lead to where the
    /// name no longer points.
    uint32_t renewal_age;
    /// Says whether an address may be connected to; NULL: any may.
    _Bool (*permits)(void *owner, const struct sockaddr *address);
    /// What `permits` is called with.
    void *owner;

    /// How often libcurl may send the request again by itself.
    int repeats_allowed;

    /// How often libcurl began to send the request.
    int prerequests;
    /// libcurl wanted a connection for sending the request again.
    _Bool repeat_refused;
    /// Why the kernel gave no socket, or 0.
    int socket_errno;
    /// The family of the last socket that was opened, or 0: then the connection is a used one.
    int family;
    /// Of the status line that came last, or 0.
    int status;
    /// How old the connection was when it got the request.
    uint32_t age;
    /// The header of the final answer has come whole.
    _Bool header_ended;
    /// The final answer began before our body was sent whole.
    _Bool came_early;
    /// CURLOPT_FORBID_REUSE and CURLOPT_VERBOSE are set and have to be taken back.
    _Bool forbids_reuse;
    /// The last bytes of an early answer's body as they came, before its chunks are joined.
    char tail[7];
};

static inline void footbridge_forbid_reuse(struct footbridge_transfer *transfer) {
    if (transfer->forbids_reuse) return;
    transfer->forbids_reuse = 1;
    curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
}

static inline void footbridge_read_status(struct footbridge_transfer *transfer, const char *line, size_t length) {
    const char *space = memchr(line, ' ', length);
    int status = 0;
    for (const char *digit = space ? space + 1 : line + length;
         digit < line + length && *digit >= '0' && *digit <= '9' && status < 1000; digit++)
        status = status * 10 + (*digit - '0');
    transfer->status = status;
    if (status < 200) return;
    curl_off_t sent = 0;
    if (transfer->body_bytes > 0 && curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK &&
        sent < transfer->body_bytes) {
        transfer->came_early = 1;
        footbridge_forbid_reuse(transfer);
        // Has footbridge_keep_tail called.
        curl_easy_setopt(transfer->easy, CURLOPT_VERBOSE, 1L);
    }
    if (status >= 300 && transfer->closes_after_errors) footbridge_forbid_reuse(transfer);
    _Bool is_of_message = status == 400 || (status >= 413 && status <= 415) || status == 422 || status == 429;
    if (status >= 300 && !is_of_message && transfer->family == 0 && transfer->age >= transfer->renewal_age)
        footbridge_forbid_reuse(transfer);
}

/// For CURLOPT_HEADERFUNCTION: bounds the header, and takes in what has to be known before the transfer ends.
static inline size_t footbridge_read_header(char *bytes, size_t size, size_t count, void *context) {
    struct footbridge_transfer *transfer = context;
    size_t length = size * count;
    if (length > transfer->header_bytes_left) return 0;
    transfer->header_bytes_left -= length;
    if (length > 5 && memcmp(bytes, "HTTP/", 5) == 0)
        footbridge_read_status(transfer, bytes, length);
    else if (length <= 2 && transfer->status >= 200)
        transfer->header_ended = 1;
    return length;
}

/// For CURLOPT_DEBUGFUNCTION, which only early answers have.
static inline int footbridge_keep_tail(CURL *easy, curl_infotype type, char *bytes, size_t count, void *context) {
    struct footbridge_transfer *transfer = context;
    (void)easy;
    if (type != CURLINFO_DATA_IN || count == 0) return 0;
    size_t room = sizeof transfer->tail;
    if (count < room) {
        memmove(transfer->tail, transfer->tail + count, room - count);
        memcpy(transfer->tail + room - count, bytes, count);
    } else {
        memcpy(transfer->tail, bytes + count - room, room);
    }
    return 0;
}

/// Whether the body ended with a last chunk, as far as its last bytes tell; one with trailers is not recognized.
static inline _Bool footbridge_has_last_chunk(const struct footbridge_transfer *transfer) {
    return memcmp(transfer->tail, "\r\n0\r\n\r\n", 7) == 0 || memcmp(transfer->tail, "\0\0000\r\n\r\n", 7) == 0;
}

/// For CURLOPT_PREREQFUNCTION: no request is sent again within one transfer unless its owner allows it, and the
/// connection's age is noted.
static inline int footbridge_before_request(void *context, char *remote, char *local, int remote_port, int local_port) {
    struct footbridge_transfer *transfer = context;
    (void)remote, (void)local, (void)remote_port;
    uint16_t port = (uint16_t)local_port;
    if (transfer->family != 0) transfer->made_at[port] = transfer->now;
    transfer->age = transfer->now - transfer->made_at[port];
    transfer->prerequests += 1;
    return transfer->prerequests > 1 + transfer->repeats_allowed ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/// For CURLOPT_OPENSOCKETFUNCTION: as libcurl does it, but what the kernel said is kept, and nobody connects for a
/// request that will not be sent again, or to an address that is not permitted.
static inline curl_socket_t footbridge_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    struct footbridge_transfer *transfer = context;
    (void)purpose;
    if (transfer->prerequests > transfer->repeats_allowed) {
        transfer->repeat_refused = 1;
        return CURL_SOCKET_BAD;
    }
    if (transfer->permits && !transfer->permits(transfer->owner, &address->addr)) return CURL_SOCKET_BAD;
    curl_socket_t descriptor = footbridge_socket(address->family, address->socktype, address->protocol);
    if (descriptor < 0) transfer->socket_errno = errno;
    transfer->family = address->family;
    return descriptor;
}

static inline CURLcode footbridge_set_transfer(CURL *easy, struct footbridge_transfer *transfer) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, footbridge_read_header);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, footbridge_before_request);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, footbridge_open_socket);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, footbridge_keep_tail);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_DEBUGDATA, transfer);
    return code;
}

/// The code of getaddrinfo(3) for a host; 0 if it has an address.
static inline int footbridge_look_up(const char *host) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
#ifdef AI_IDN
    hints.ai_flags = AI_IDN;
#endif
    int code = getaddrinfo(host, NULL, &hints, &addresses);
    if (code == 0) freeaddrinfo(addresses);
    return code;
}

/// Whether a code of getaddrinfo(3) says that the name has no address, not merely that nobody could tell.
static inline _Bool footbridge_has_no_address(int code) {
#ifdef EAI_NODATA
    if (code == EAI_NODATA) return 1;
#else
    if (code == -5) return 1; // glibc shows EAI_NODATA to _GNU_SOURCE only
#endif
    return code == EAI_NONAME;
}

static inline CURLcode footbridge_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode footbridge_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode footbridge_get_socket(CURL *easy, CURLINFO info, curl_socket_t *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode footbridge_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLSHcode footbridge_share_connections(CURLSH *share) {
    return curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
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

#endif
