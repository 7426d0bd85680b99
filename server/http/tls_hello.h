/* What a struct im_tls holds, and which of it a client is shown: for tls*.c alone. */
#ifndef IM_HTTP_TLS_HELLO_H
#define IM_HTTP_TLS_HELLO_H

#include <openssl/ssl.h>

#include "http/tls.h"
#include "http/tls_leaf.h"

enum {
    IM_TLS_FAULTS = IM_FAULTS - IM_FAULT_TLS_EXPIRED,
    IM_TLS_SERVER_DAYS = 397 /* what browsers accept at most */
};

struct im_tls {
    struct im_tls_pair server;
    STACK_OF(X509) * chain; /* what a file brought behind the certificate; NULL: none */
    char *ca_pem;           /* NULL when the certificate came from a file */
    EVP_PKEY *faulty_key;   /* of the certificates below */
    X509 *faulty
        [IM_TLS_FAULTS]; /* NULL where there is no CA to sign one, or none is shown */
    struct im_tls_leaves *leaves; /* of intercepted hosts; NULL: none can be made */
    struct im_str intercept;      /* which hosts these are */
    STACK_OF(X509) * client_cas;  /* NULL: clients need no certificate */
    struct im_log log;
};

/* How the certificate of a fault differs from a good one: dates, or the name it is for. */
struct im_tls_params im_tls_fault_params(enum im_fault fault);
void im_tls_log(const struct im_tls *tls, const char *event,
                const struct im_log_field *fields);
/* OpenSSL's callback for a client's hello (SSL_CTX_set_client_hello_cb); context: the im_tls. */
int im_tls_on_hello(SSL *ssl, int *alert, void *context);

#endif
