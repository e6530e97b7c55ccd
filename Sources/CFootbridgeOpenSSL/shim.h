// libcrypto for Swift: everything that we call is an ordinary function, so the headers are enough.
// Macros with casts are not imported; what we need of those stands here as functions.
#ifndef FOOTBRIDGE_COPENSSL_SHIM_H
#define FOOTBRIDGE_COPENSSL_SHIM_H

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

// To be called before anything else of OpenSSL. Without it exit() takes OpenSSL's tables away while other threads still
// use them, for example in a handshake.
static inline int footbridge_openssl_stays(void) {
    return OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

static inline const char *footbridge_openssl_version(void) {
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

// A context of HMAC with this digest ("SHA256") under a key, to be freed with EVP_MAC_CTX_free; NULL on failure.
// Here because OSSL_PARAM wants a `char *` for the digest's name.
static inline EVP_MAC_CTX *footbridge_hmac_new(const char *digest, const unsigned char *key, size_t length) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (mac == NULL) return NULL; // not offered by the providers that the system's configuration activates
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac); // the context holds its own reference
    if (context != NULL && EVP_MAC_init(context, key, length, parameters) != 1) {
        EVP_MAC_CTX_free(context);
        context = NULL;
    }
    return context;
}

// Begins a new message under the same key, which saves the two compressions of keying it again.
static inline int footbridge_hmac_restart(EVP_MAC_CTX *context) {
    return EVP_MAC_init(context, NULL, 0, NULL);
}

// Keys of ed25519 from their 32 bytes, to be freed with EVP_PKEY_free; NULL on failure.
static inline EVP_PKEY *footbridge_ed25519_private(const unsigned char *seed) {
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
}

static inline EVP_PKEY *footbridge_ed25519_public(const unsigned char *key) {
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
}

// SHA-256 of `length` bytes into the 32 of `digest`; 1 on success.
static inline int footbridge_sha256(const void *bytes, size_t length, unsigned char *digest) {
    return EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL);
}

// For PEM_read_bio_*: the password, if there is one. Without a callback OpenSSL would ask at the terminal.
static inline int footbridge_pem_password(char *out, int size, int writing, void *password) {
    (void)writing;
    size_t length = password ? strlen((const char *)password) : 0;
    if (length == 0 || length > (size_t)size) return 0;
    memcpy(out, password, length);
    return (int)length;
}

static inline X509 *footbridge_pem_read_certificate(const char *file) {
    BIO *in = BIO_new_file(file, "r");
    X509 *certificate = in ? PEM_read_bio_X509_AUX(in, NULL, footbridge_pem_password, NULL) : NULL;
    BIO_free(in);
    ERR_clear_error();
    return certificate;
}

// 1 if the file holds a certificate.
static inline int footbridge_pem_certificate(const char *file) {
    X509 *certificate = footbridge_pem_read_certificate(file);
    X509_free(certificate);
    return certificate != NULL;
}

// 0 if the key belongs to the certificate, 1 if it cannot be read, 2 if it is another one's. `password` may be NULL.
static inline int footbridge_pem_key(const char *certificate_file, const char *key_file, const char *password) {
    BIO *in = BIO_new_file(key_file, "r");
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, footbridge_pem_password, (void *)password) : NULL;
    BIO_free(in);
    X509 *certificate = footbridge_pem_read_certificate(certificate_file);
    int result = key == NULL ? 1 : certificate != NULL && X509_check_private_key(certificate, key) == 1 ? 0 : 2;
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return result;
}

#endif
