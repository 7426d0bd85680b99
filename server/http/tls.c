/* The certificates that the server presents, and its settings of TLS (1.2: RFC 5246, 1.3:
 * RFC 8446). Those for its own names, also the bad ones, are made at start (they share one
 * key, so that costs signatures only), those for intercepted hosts when they are asked for.
 * tls_hello.c says which of them is shown to whom. */
#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/tls_cert.h"
#include "http/tls_file.h"
#include "http/tls_hello.h"

/* ---- certificates ---- */

static bool make_faulty(struct im_tls *tls, enum im_fault fault,
                        const struct im_tls_pair *ca, const char *const *names)
{
    struct im_tls_pair pair = {NULL, tls->faulty_key};
    struct im_tls_params params = im_tls_fault_params(fault);

    params.label = im_fault_tls_word(fault);
    params.names = names;
    bool fine = im_tls_make_server(&pair, ca, &params);
    tls->faulty_key = pair.key;
    tls->faulty[fault - IM_FAULT_TLS_EXPIRED] = pair.cert;
    return fine;
}

/* Signed by a CA whose certificate is given to no client. Its key is freed at once. */
static bool make_untrusted(struct im_tls *tls, const char *const *names)
{
    struct im_tls_pair unknown_key;

    if (!im_tls_make_ca(&unknown_key, NULL))
        return false;
    bool fine = make_faulty(tls, IM_FAULT_TLS_UNTRUSTED, &unknown_key, names);
    im_tls_pair_free(&unknown_key);
    return fine;
}

static bool sign_all(struct im_tls *tls, const struct im_tls_pair *ca,
                     const char *const *names)
{
    struct im_tls_params params = {.names = names, .to_days = IM_TLS_SERVER_DAYS};

    if (!im_tls_make_server(&tls->server, ca, &params))
        return false;
    EVP_PKEY_up_ref(tls->server.key);
    tls->faulty_key = tls->server.key;
    for (int fault = IM_FAULT_TLS_EXPIRED; fault < IM_FAULT_TLS_UNTRUSTED; fault++)
        if (!make_faulty(tls, (enum im_fault)fault, ca, names))
            return false;
    tls->ca_pem = im_tls_to_pem(ca->cert, NULL);
    return tls->ca_pem != NULL;
}

static bool check_cert_name(const char *name, struct im_error *err)
{
    size_t len = strlen(name);

    if (len && len <= 253 &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789"
                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:*") == len)
        return true;
    return im_error_set(err,
                        "making a certificate for \"%.80s\": that is neither a DNS name "
                        "nor an address; several are separated by commas",
                        name);
}

static bool make_certificates(struct im_tls *tls, const struct im_tls_options *options,
                              struct im_error *err)
{
    struct im_tls_pair ca = {NULL, NULL};

    for (const char *const *name = options->names; name && *name; name++)
        if (!check_cert_name(*name, err))
            return false;
    if (options->ca_dir && !im_tls_keep_ca(options->ca_dir, &ca, err))
        return false;
    bool fine = (ca.cert || im_tls_make_ca(&ca, NULL)) &&
                sign_all(tls, &ca, options->names) && make_untrusted(tls, options->names);
    /* the CA's private key is kept only where it will have to sign */
    if (fine && options->intercept)
        fine = (tls->leaves = im_tls_leaves_new(&ca, tls->server.key)) != NULL;
    im_tls_pair_free(&ca);
    return fine || im_error_set(err, "making a test certificate: %s", im_tls_reason());
}

static bool refuse_without_ca(const char *option, struct im_error *err)
{
    return im_error_set(err,
                        "%s is about the CA that is made here, but with --cert none is; "
                        "leave one of the two out",
                        option);
}

static bool check_cert_files(const struct im_tls_options *options, struct im_error *err)
{
    if (!options->cert_file || !options->key_file)
        return im_error_set(err,
                            "a certificate and its private key belong together: %s is "
                            "missing",
                            options->cert_file ? "the private key (--key)"
                                               : "the certificate (--cert)");
    if (options->ca_dir)
        return refuse_without_ca("--ca-dir", err);
    return true;
}

static bool load_certificates(struct im_tls *tls, const struct im_tls_options *options,
                              struct im_error *err)
{
    if (!check_cert_files(options, err))
        return false;
    tls->server.cert = im_tls_read_cert(options->cert_file, &tls->chain, err);
    if (!tls->server.cert)
        return false;
    tls->server.key = im_tls_read_key(options->key_file, err);
    if (!tls->server.key)
        return false;
    if (X509_check_private_key(tls->server.cert, tls->server.key) != 1)
        return im_error_set(
            err,
            "the private key %s does not belong to the certificate %s; give "
            "the pair that was made together",
            options->key_file, options->cert_file);
    if (!im_tls_check_dates(tls->server.cert, options->cert_file,
                            "leave --cert and --key out to have one made", err))
        return false;
    return make_untrusted(tls, NULL) ||
           im_error_set(err, "making a test certificate: %s", im_tls_reason());
}

static bool load_client_ca(struct im_tls *tls, const char *path, struct im_error *err)
{
    STACK_OF(X509) *all = NULL;
    X509 *first = path ? im_tls_read_cert(path, &all, err) : NULL;

    if (!path)
        return true;
    if (first && !all)
        all = sk_X509_new_null();
    tls->client_cas = all;
    if (first && all && sk_X509_push(all, first) > 0)
        return sk_X509_num(all) > 1 || /* of several one may be old */
               im_tls_check_dates(first, path,
                                  "leave --client-ca out to demand none of clients", err);
    X509_free(first);
    return first ? im_error_no_memory(err, "reading --client-ca %s", path) : false;
}

/* ---- the object ---- */

struct im_tls *im_tls_new(const struct im_tls_options *options, struct im_error *err)
{
    struct im_tls *tls = calloc(1, sizeof(*tls));
    bool from_files = options->cert_file || options->key_file;

    if (!tls) {
        im_error_no_memory(err, "making a test certificate");
        return NULL;
    }
    if (options->log)
        tls->log = *options->log;
    tls->intercept = im_str(options->intercept);
    ERR_clear_error();
    bool fine = load_client_ca(tls, options->client_ca, err) &&
                (from_files ? load_certificates(tls, options, err)
                            : make_certificates(tls, options, err));
    ERR_clear_error(); /* the end of a PEM file is an error to OpenSSL */
    if (fine)
        return tls;
    im_tls_free(tls);
    return NULL;
}

void im_tls_free(struct im_tls *tls)
{
    if (!tls)
        return;
    im_tls_pair_free(&tls->server);
    sk_X509_pop_free(tls->chain, X509_free);
    free(tls->ca_pem);
    for (int i = 0; i < IM_TLS_FAULTS; i++)
        X509_free(tls->faulty[i]);
    EVP_PKEY_free(tls->faulty_key);
    im_tls_leaves_free(tls->leaves);
    sk_X509_pop_free(tls->client_cas, X509_free);
    free(tls);
}

struct im_str im_tls_ca_pem(const struct im_tls *tls)
{
    return im_str(tls->ca_pem);
}

bool im_tls_can_intercept(const struct im_tls *tls)
{
    return tls->leaves != NULL;
}

bool im_tls_write_ca(const struct im_tls *tls, const char *path, struct im_error *err)
{
    return tls->ca_pem ? im_tls_write_file("--ca-file", path, im_str(tls->ca_pem), err)
                       : refuse_without_ca("--ca-file", err);
}

/* ---- certificates of clients ---- */

static int on_client_cert(int fine, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct im_tls *tls =
        fine || !ssl ? NULL : SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    X509 *cert = X509_STORE_CTX_get_current_cert(store);
    char subject[256] = "";

    if (!tls)
        return fine;
    if (cert)
        X509_NAME_oneline(X509_get_subject_name(cert), subject, sizeof(subject));
    struct im_log_field fields[] = {
        {"why", im_str(X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)))},
        {"subject", im_str(subject)},
        {NULL, {NULL, 0}}};
    im_tls_log(tls, "client certificate refused", fields);
    return fine;
}

static bool demand_client_certs(struct im_tls *tls, SSL_CTX *ctx)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);

    for (int i = 0; i < sk_X509_num(tls->client_cas); i++) {
        X509 *ca = sk_X509_value(tls->client_cas, i);
        if (X509_STORE_add_cert(store, ca) != 1 || SSL_CTX_add_client_CA(ctx, ca) != 1)
            return false;
    }
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN); /* it may be no root */
    SSL_CTX_set_app_data(ctx, tls);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       on_client_cert);
    return true;
}

/* ---- the server's context ---- */

/* What it sent must be taken first: closing a socket with unread bytes resets the
 * connection, and the answer with it. A bounded number of times: a client that never
 * stops sending must not keep a worker. */
static void help_plain_http(int fd)
{
    static const char body[] =
        "This port speaks HTTPS, and the request came as plain HTTP. "
        "Begin the URL with https:// here.\n";
    char waste[4096], answer[512];

    for (int i = 0; i < 16 && recv(fd, waste, sizeof(waste), 0) > 0; i++)
        continue;
    int len =
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                 sizeof(body) - 1, body);
    (void)!send(fd, answer, (size_t)len, MSG_NOSIGNAL);
}

/* OpenSSL calls this at every step of a handshake. Of one that fails, this is the last
 * moment at which the socket is still open. */
static void on_step(const SSL *ssl, int where, int ret)
{
    int fd = SSL_get_fd(ssl);

    if (where != SSL_CB_ACCEPT_EXIT || ret > 0 || fd < 0)
        return;
    if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_HTTP_REQUEST)
        help_plain_http(fd);
}

/* ALPN (RFC 7301). A client that offers HTTP/2 and HTTP/1.1 learns that HTTP/1.1 is
 * spoken here. One that offers HTTP/2 alone gets no answer to it (NOACK): the handshake
 * succeeds, and head.c then refuses its preface by name. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *offered, unsigned offered_len,
                           void *unused)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;

    (void)ssl, (void)unused;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, offered,
                              offered_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

bool im_tls_configure(struct im_tls *tls, void *ssl_ctx, struct im_error *err)
{
    static const unsigned char session_context[] = "intacct-mock";
    SSL_CTX *ctx = ssl_ctx;

    /* 0 = the newest that OpenSSL has. A session context is needed as soon as clients are
     * asked for certificates: without one OpenSSL refuses to resume a session. */
    if (SSL_CTX_use_certificate(ctx, tls->server.cert) != 1 ||
        SSL_CTX_use_PrivateKey(ctx, tls->server.key) != 1 ||
        (tls->chain && SSL_CTX_set1_chain(ctx, tls->chain) != 1) ||
        SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, 0) != 1 ||
        SSL_CTX_set_session_id_context(ctx, session_context,
                                       sizeof(session_context) - 1) != 1 ||
        (tls->client_cas && !demand_client_certs(tls, ctx)))
        return im_error_set(err, "preparing TLS: %s", im_tls_reason());
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
    /* Clients that just close, without TLS's farewell, are no error of ours; what they
     * have sent is counted by Content-Length. */
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_COMPRESSION);
    /* No automatic chain: OpenSSL would build ours from the CAs that clients'
     * certificates are checked against. */
    SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS |
                              SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    SSL_CTX_set_info_callback(ctx, on_step);
    SSL_CTX_set_client_hello_cb(ctx, im_tls_on_hello, tls);
    return true;
}
