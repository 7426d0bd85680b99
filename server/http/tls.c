/* The certificates that the server presents, and its settings of TLS (1.2: RFC 5246, 1.3:
 * RFC 8446). Those for its own names, also the bad ones, are made at start (they share one
 * key, so that costs signatures only), those for intercepted hosts when they are asked for.
 * A client chooses by the name that it connects to (server name indication, RFC 6066 section
 * 3); in a tunnel the proxy's client has named the host before. */
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
#include "http/tls_leaf.h"

enum {
    SERVER_DAYS = 397, /* what browsers accept at most */
    YEAR = 365
};

/* What is wrong with a connection to LABEL.NAME, where NAME is one of the
 * certificate's. */
enum tls_fault {
    EXPIRED,
    NOT_YET_VALID,
    WRONG_HOST,
    OLD_PROTOCOL,
    UNTRUSTED,
    ABORT,
    FAULTS
};
enum { FAULTY_CERTS = UNTRUSTED + 1 };

static const struct {
    const char *only;
    int from_days, to_days; /* of those with a certificate */
} faults[FAULTS] = {
    [EXPIRED] = {NULL, -YEAR, -1},
    [NOT_YET_VALID] = {NULL, YEAR, YEAR + SERVER_DAYS},
    [WRONG_HOST] = {"another-host.invalid", 0, SERVER_DAYS},
    [OLD_PROTOCOL] = {NULL, 0, SERVER_DAYS},
    [UNTRUSTED] = {NULL, 0, SERVER_DAYS},
    [ABORT] = {NULL, 0, 0},
};

/* "expired": they stand in the order of http/fault.h. */
static const char *fault_label(enum tls_fault fault)
{
    return im_fault_tls_word((enum im_fault)((int)IM_FAULT_TLS_EXPIRED + (int)fault));
}

struct im_tls {
    struct im_tls_pair server;
    STACK_OF(X509) * chain; /* what a file brought behind the certificate; NULL: none */
    char *ca_pem;           /* NULL when the certificate came from a file */
    EVP_PKEY *faulty_key;   /* of the certificates below */
    X509 *faulty[FAULTY_CERTS];   /* NULL where there is no CA to sign one */
    struct im_tls_leaves *leaves; /* of intercepted hosts; NULL: none can be made */
    struct im_str intercept;      /* which hosts these are */
    STACK_OF(X509) * client_cas;  /* NULL: clients need no certificate */
    struct im_log log;
};

/* ---- certificates ---- */

static bool make_faulty(struct im_tls *tls, enum tls_fault fault,
                        const struct im_tls_pair *ca, const char *const *names)
{
    struct im_tls_pair pair = {NULL, tls->faulty_key};
    struct im_tls_params params = {fault_label(fault), faults[fault].only, names,
                                   faults[fault].from_days, faults[fault].to_days};
    bool fine = im_tls_make_server(&pair, ca, &params);

    tls->faulty_key = pair.key;
    tls->faulty[fault] = pair.cert;
    return fine;
}

/* Signed by a CA whose certificate is given to no client. Its key is freed at once. */
static bool make_untrusted(struct im_tls *tls, const char *const *names)
{
    struct im_tls_pair unknown_key;

    if (!im_tls_make_ca(&unknown_key, NULL))
        return false;
    bool fine = make_faulty(tls, UNTRUSTED, &unknown_key, names);
    im_tls_pair_free(&unknown_key);
    return fine;
}

static bool sign_all(struct im_tls *tls, const struct im_tls_pair *ca,
                     const char *const *names)
{
    struct im_tls_params params = {.names = names, .to_days = SERVER_DAYS};

    if (!im_tls_make_server(&tls->server, ca, &params))
        return false;
    EVP_PKEY_up_ref(tls->server.key);
    tls->faulty_key = tls->server.key;
    for (int fault = 0; fault < UNTRUSTED; fault++)
        if (!make_faulty(tls, (enum tls_fault)fault, ca, names))
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
    for (int i = 0; i < FAULTY_CERTS; i++)
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

static void tls_log(const struct im_tls *tls, const char *event,
                    const struct im_log_field *fields)
{
    if (im_log_wants(&tls->log, IM_LOG_INFO))
        im_log_line(&tls->log, IM_LOG_INFO, im_clock_real_ms(), event, fields);
}

/* ---- faults ---- */

/* The name a client says hello to (RFC 6066 §3): a list of one, its type 0. */
static struct im_str client_hello_name(SSL *ssl)
{
    const unsigned char *at;
    size_t len;

    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &at, &len) != 1 ||
        len < 5 || at[2] != TLSEXT_NAMETYPE_host_name)
        return IM_STR("");
    size_t name_len = (size_t)at[3] << 8 | at[4];
    if (name_len > len - 5)
        return IM_STR("");
    return (struct im_str){(const char *)at + 5, name_len};
}

/* LABEL.NAME is a fault only where NAME alone is a name of the certificate: a host that
 * happens to be called expired.example.org can be mocked by its name. */
static enum tls_fault fault_of_name(const struct im_tls *tls, struct im_str name)
{
    struct im_str label = im_str_cut(&name, '.');

    for (int fault = 0; fault < FAULTS; fault++)
        if (im_str_eq_nocase(label, im_str(fault_label((enum tls_fault)fault))) &&
            name.len &&
            X509_check_host(tls->server.cert, name.at, name.len, 0, NULL) == 1)
            return (enum tls_fault)fault;
    return FAULTS;
}

/* Nothing of ours reaches the client, not even the alert: OpenSSL writes it to a BIO that
 * throws it away. */
static int abort_handshake(SSL *ssl)
{
    BIO *nowhere = BIO_new(BIO_s_null());

    if (nowhere)
        SSL_set0_wbio(ssl, nowhere);
    return SSL_CLIENT_HELLO_ERROR;
}

static int use_cert(SSL *ssl, X509 *cert, EVP_PKEY *key)
{
    SSL_certs_clear(ssl);
    return SSL_use_cert_and_key(ssl, cert, key, NULL, 1) == 1 ? SSL_CLIENT_HELLO_SUCCESS
                                                              : SSL_CLIENT_HELLO_ERROR;
}

/* The bad one for the host of a tunnel, made for this handshake alone. */
static X509 *make_faulty_leaf(const struct im_tls *tls, enum tls_fault fault,
                              const char *host)
{
    const char *only = faults[fault].only ? faults[fault].only : host;
    const struct im_tls_params params = {.only = only,
                                         .from_days = faults[fault].from_days,
                                         .to_days = faults[fault].to_days};
    struct im_tls_pair unknown, pair = {NULL, tls->server.key};

    if (fault != UNTRUSTED)
        return im_tls_leaf_once(tls->leaves, &params);
    if (!im_tls_make_ca(&unknown, NULL))
        return NULL;
    if (!im_tls_make_server(&pair, &unknown, &params)) {
        X509_free(pair.cert);
        pair.cert = NULL;
    }
    im_tls_pair_free(&unknown);
    return pair.cert;
}

static int use_faulty_cert(SSL *ssl, const struct im_tls *tls, enum tls_fault fault,
                           int *alert)
{
    const struct im_tls_hello *hello = SSL_get_app_data(ssl);
    struct im_log_field why[] = {
        {"why",
         IM_STR("it takes a CA that signs it, and with --cert there is none here")},
        {NULL, {NULL, 0}}};

    if (hello && hello->host[0] && tls->leaves) {
        X509 *cert = make_faulty_leaf(tls, fault, hello->host);
        int used = cert ? use_cert(ssl, cert, tls->server.key) : SSL_CLIENT_HELLO_ERROR;
        X509_free(cert);
        return used;
    }
    if (!tls->faulty[fault]) {
        tls_log(tls, "TLS fault not possible", why);
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    return use_cert(ssl, tls->faulty[fault], tls->faulty_key);
}

/* TLS 1.0 or 1.1 and nothing else. The protocol is really spoken: a client that still
 * offers it is served. OpenSSL allows its signatures (SHA-1) only at security level 0. */
static int use_old_protocol(SSL *ssl, const struct im_tls *tls, int *alert)
{
    SSL_clear_options(ssl, SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1);
    SSL_set_security_level(ssl, 0);
    if (SSL_set_min_proto_version(ssl, TLS1_VERSION) != 1 ||
        SSL_set_max_proto_version(ssl, TLS1_1_VERSION) != 1 ||
        SSL_set_cipher_list(ssl, "DEFAULT:@SECLEVEL=0") != 1)
        return SSL_CLIENT_HELLO_ERROR;
    return tls->faulty[OLD_PROTOCOL] ? use_faulty_cert(ssl, tls, OLD_PROTOCOL, alert)
                                     : SSL_CLIENT_HELLO_SUCCESS;
}

/* The session context keeps sessions of a good name out of a bad one: a client that resumed
 * one would not see the certificate. Nor is one handed out here. */
static int use_fault(SSL *ssl, const struct im_tls *tls, enum tls_fault fault, int *alert)
{
    const char *label = fault_label(fault);

    SSL_set_session_id_context(ssl, (const unsigned char *)label,
                               (unsigned)strlen(label));
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl, 0);
    if (fault == ABORT)
        return abort_handshake(ssl);
    return fault == OLD_PROTOCOL ? use_old_protocol(ssl, tls, alert)
                                 : use_faulty_cert(ssl, tls, fault, alert);
}

/* A certificate of its own for an intercepted host. */
static int use_leaf(SSL *ssl, const struct im_tls *tls, struct im_str host)
{
    char name[IM_HOST_MAX + 1] = "";

    for (size_t i = 0; i < host.len && i < IM_HOST_MAX; i++)
        name[i] = (char)(host.at[i] >= 'A' && host.at[i] <= 'Z' ? host.at[i] + ' '
                                                                : host.at[i]);
    X509 *cert = im_tls_leaf(tls->leaves, name);
    int used = cert ? use_cert(ssl, cert, tls->server.key) : SSL_CLIENT_HELLO_ERROR;
    X509_free(cert);
    return used;
}

/* In a tunnel the host is known, and the scenario has said before what becomes of the
 * connection. A client that says no name (an address has none) means that host. */
static int hello_in_tunnel(SSL *ssl, const struct im_tls *tls, struct im_tls_hello *hello,
                           int *alert)
{
    struct im_str name = client_hello_name(ssl), host = im_str(hello->host);

    hello->said = true;
    if (name.len && !im_str_eq_nocase(name, host)) {
        hello->other = true;
        snprintf(hello->name, sizeof(hello->name), "%.*s", IM_ARG(name));
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    if (hello->fault != IM_FAULT_NONE)
        return use_fault(ssl, tls,
                         (enum tls_fault)((int)hello->fault - (int)IM_FAULT_TLS_EXPIRED),
                         alert);
    return tls->leaves ? use_leaf(ssl, tls, host) : SSL_CLIENT_HELLO_SUCCESS;
}

/* In this callback and not in OpenSSL's for the server name: by then the version is
 * agreed on. */
static int on_hello(SSL *ssl, int *alert, void *context)
{
    const struct im_tls *tls = context;
    struct im_tls_hello *hello = SSL_get_app_data(ssl);
    struct im_str name = client_hello_name(ssl);

    if (hello && hello->host[0])
        return hello_in_tunnel(ssl, tls, hello, alert);
    enum tls_fault fault = fault_of_name(tls, name);
    if (fault == FAULTS)
        return tls->leaves && im_hosts_match(tls->intercept, name)
                   ? use_leaf(ssl, tls, name)
                   : SSL_CLIENT_HELLO_SUCCESS;
    struct im_log_field fields[] = {
        {"fault", im_str(fault_label(fault))}, {"server_name", name}, {NULL, {NULL, 0}}};
    tls_log(tls, "TLS fault as asked for", fields);
    return use_fault(ssl, tls, fault, alert);
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
    tls_log(tls, "client certificate refused", fields);
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
    SSL_CTX_set_client_hello_cb(ctx, on_hello, tls);
    return true;
}
