/* The hello of a client (RFC 8446 section 4.1.2): which certificate it is shown, and what is
 * spoilt on purpose. It chooses by the name that it connects to (server name indication, RFC
 * 6066 section 3); in a tunnel the proxy's client has named the host before. */
#include "http/tls_hello.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { YEAR = 365 };

struct im_tls_params im_tls_fault_params(enum im_fault fault)
{
    struct im_tls_params params = {.to_days = IM_TLS_SERVER_DAYS};

    switch (fault) {
    case IM_FAULT_TLS_EXPIRED:
        params.from_days = -YEAR;
        params.to_days = -1;
        break;
    case IM_FAULT_TLS_NOT_YET_VALID:
        params.from_days = YEAR;
        params.to_days = YEAR + IM_TLS_SERVER_DAYS;
        break;
    case IM_FAULT_TLS_WRONG_HOST: params.only = "another-host.invalid"; break;
    default: break;
    }
    return params;
}

void im_tls_log(const struct im_tls *tls, const char *event,
                const struct im_log_field *fields)
{
    if (im_log_wants(&tls->log, IM_LOG_INFO))
        im_log_line(&tls->log, IM_LOG_INFO, im_clock_real_ms(), event, fields);
}

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
static enum im_fault fault_of_name(const struct im_tls *tls, struct im_str name)
{
    struct im_str label = im_str_cut(&name, '.');

    for (int fault = IM_FAULT_TLS_EXPIRED; fault < IM_FAULTS; fault++)
        if (im_str_eq_nocase(label, im_str(im_fault_tls_word((enum im_fault)fault))) &&
            name.len &&
            X509_check_host(tls->server.cert, name.at, name.len, 0, NULL) == 1)
            return (enum im_fault)fault;
    return IM_FAULT_NONE;
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
static X509 *make_faulty_leaf(const struct im_tls *tls, enum im_fault fault,
                              const char *host)
{
    struct im_tls_params params = im_tls_fault_params(fault);
    struct im_tls_pair unknown, pair = {NULL, tls->server.key};

    if (!params.only)
        params.only = host;
    if (fault != IM_FAULT_TLS_UNTRUSTED)
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

static int use_faulty_cert(SSL *ssl, const struct im_tls *tls, enum im_fault fault,
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
    if (!tls->faulty[fault - IM_FAULT_TLS_EXPIRED]) {
        im_tls_log(tls, "TLS fault not possible", why);
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    return use_cert(ssl, tls->faulty[fault - IM_FAULT_TLS_EXPIRED], tls->faulty_key);
}

/* A certificate with an RSA key, for the host of the tunnel or the name that is asked for. */
static int use_rsa_cert(SSL *ssl, const struct im_tls *tls)
{
    const struct im_tls_hello *hello = SSL_get_app_data(ssl);
    struct im_str name =
        hello && hello->host[0] ? im_str(hello->host) : client_hello_name(ssl);
    char only[IM_HOST_MAX + 1];
    const struct im_tls_params params = {.only = only, .to_days = IM_TLS_SERVER_DAYS};
    struct im_tls_pair pair;

    snprintf(only, sizeof(only), "%.*s", IM_ARG(name));
    int used = im_tls_leaf_rsa(tls->leaves, &params, &pair)
                   ? use_cert(ssl, pair.cert, pair.key)
                   : SSL_CLIENT_HELLO_ERROR;
    X509_free(pair.cert);
    return used;
}

/* TLS 1.0 or 1.1 and nothing else. The protocol is really spoken: a client that still offers
 * it is served. Nothing but the protocol may keep it away, so the keys are exchanged by RSA
 * where the client takes that: with EC there is a signature, by SHA-1, which many refuse that
 * would take the protocol. OpenSSL allows it at security level 0 alone. */
static int use_old_protocol(SSL *ssl, const struct im_tls *tls, int *alert)
{
    SSL_clear_options(ssl, SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1);
    SSL_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_set_security_level(ssl, 0);
    if (SSL_set_min_proto_version(ssl, TLS1_VERSION) != 1 ||
        SSL_set_max_proto_version(ssl, TLS1_1_VERSION) != 1 ||
        SSL_set_cipher_list(ssl, "DEFAULT:+kECDHE:+kDHE:@SECLEVEL=0") != 1)
        return SSL_CLIENT_HELLO_ERROR;
    if (tls->leaves)
        return use_rsa_cert(ssl, tls);
    return tls->faulty[IM_FAULT_TLS_OLD_PROTOCOL - IM_FAULT_TLS_EXPIRED]
               ? use_faulty_cert(ssl, tls, IM_FAULT_TLS_OLD_PROTOCOL, alert)
               : SSL_CLIENT_HELLO_SUCCESS;
}

/* The session context keeps sessions of a good name out of a bad one: a client that resumed
 * one would not see the certificate. Nor is one handed out here. */
static int use_fault(SSL *ssl, const struct im_tls *tls, enum im_fault fault, int *alert)
{
    const char *label = im_fault_tls_word(fault);

    SSL_set_session_id_context(ssl, (const unsigned char *)label,
                               (unsigned)strlen(label));
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl, 0);
    if (fault == IM_FAULT_TLS_ABORT)
        return abort_handshake(ssl);
    return fault == IM_FAULT_TLS_OLD_PROTOCOL ? use_old_protocol(ssl, tls, alert)
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
        return use_fault(ssl, tls, hello->fault, alert);
    return tls->leaves ? use_leaf(ssl, tls, host) : SSL_CLIENT_HELLO_SUCCESS;
}

/* In this callback and not in OpenSSL's for the server name: by then the version is
 * agreed on. */
int im_tls_on_hello(SSL *ssl, int *alert, void *context)
{
    const struct im_tls *tls = context;
    struct im_tls_hello *hello = SSL_get_app_data(ssl);
    struct im_str name = client_hello_name(ssl);

    if (hello && hello->host[0])
        return hello_in_tunnel(ssl, tls, hello, alert);
    enum im_fault fault = fault_of_name(tls, name);
    if (fault == IM_FAULT_NONE)
        return tls->leaves && im_hosts_match(tls->intercept, name)
                   ? use_leaf(ssl, tls, name)
                   : SSL_CLIENT_HELLO_SUCCESS;
    struct im_log_field fields[] = {{"fault", im_str(im_fault_tls_word(fault))},
                                    {"server_name", name},
                                    {NULL, {NULL, 0}}};
    im_tls_log(tls, "TLS fault as asked for", fields);
    return use_fault(ssl, tls, fault, alert);
}
