// The server's side of TLS on sockets that block: as much of it as a receiver of tests needs.
#ifndef FOOTBRIDGE_CTLSSERVER_H
#define FOOTBRIDGE_CTLSSERVER_H

#include <stddef.h>

typedef struct footbridge_tls_server footbridge_tls_server;
typedef struct footbridge_tls footbridge_tls;

// NULL if a file cannot be read, or the key is another certificate's. Shared by all connections, and never freed.
footbridge_tls_server *footbridge_tls_server_new(const char *certificate, const char *key);

// Shakes hands; NULL if that fails. The socket stays the caller's.
footbridge_tls *footbridge_tls_accept(footbridge_tls_server *server, int socket);
// As `recv` and `send`: 0 at the end, -1 after an error.
int footbridge_tls_receive(footbridge_tls *tls, void *bytes, int count);
int footbridge_tls_send(footbridge_tls *tls, const void *bytes, int count);
// Says farewell if `orderly`.
void footbridge_tls_free(footbridge_tls *tls, int orderly);

#endif
