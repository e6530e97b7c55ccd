#include "CTLSServer.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

footbridge_tls_server *footbridge_tls_server_new(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL) return NULL;
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(context) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    return (footbridge_tls_server *)context;
}

footbridge_tls *footbridge_tls_accept(footbridge_tls_server *server, int socket) {
    SSL *ssl = SSL_new((SSL_CTX *)server);
    if (ssl == NULL) return NULL;
    if (SSL_set_fd(ssl, socket) != 1 || SSL_accept(ssl) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    return (footbridge_tls *)ssl;
}

int footbridge_tls_receive(footbridge_tls *tls, void *bytes, int count) {
    ERR_clear_error();
    int received = SSL_read((SSL *)tls, bytes, count);
    if (received > 0) return received;
    return SSL_get_error((SSL *)tls, received) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

int footbridge_tls_send(footbridge_tls *tls, const void *bytes, int count) {
    ERR_clear_error();
    return SSL_write((SSL *)tls, bytes, count);
}

void footbridge_tls_free(footbridge_tls *tls, int orderly) {
    if (orderly) SSL_shutdown((SSL *)tls);
    SSL_free((SSL *)tls);
    ERR_clear_error();
}
