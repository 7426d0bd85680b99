/* Server certificates. What we make lives in memory and never touches a disk: the CA's
 * private key is forgotten as soon as it has signed the one certificate, so trusting this
 * CA trusts nothing else. One info callback helps people who speak HTTP to the HTTPS
 * port. */
#include "http/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

struct im_tls {
    EVP_PKEY *key;
    X509 *cert;
    STACK_OF(X509) *
        chain;    /* what a file brought behind the certificate; NULL when none */
    char *ca_pem; /* NULL when the certificate came from a file */
};

enum {
    CLOCK_SKEW_S = 3600,
    SERVER_DAYS = 397, /* what browsers accept at most */
    CA_DAYS = 3650,
    SERIAL_BYTES = 16, /* 127 random bits */
    PEM_MAX = 1024 * 1024
};

static const char *openssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return reason ? reason : "OpenSSL gives no reason";
}

/* ---- making certificates ---- */

struct issue {
    X509 *cert;    /* being made */
    EVP_PKEY *key; /* its own */
    X509 *issuer;  /* itself for the CA */
    EVP_PKEY *issuer_key;
};

static bool set_serial(X509 *cert)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number = NULL;
    bool fine = RAND_bytes(bytes, sizeof(bytes)) == 1;

    if (fine) {
        bytes[0] = (bytes[0] & 0x7F) | 0x40; /* positive, and never short */
        number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    }
    fine = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    return fine;
}

static bool set_validity(X509 *cert, int days)
{
    time_t start = (time_t)(im_clock_real_ms() / 1000) - CLOCK_SKEW_S;

    return X509_time_adj_ex(X509_getm_notBefore(cert), 0, 0, &start) &&
           X509_time_adj_ex(X509_getm_notAfter(cert), days, 0, &start);
}

static bool add_name(X509 *cert, const char *field, const char *text)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), field, MBSTRING_UTF8,
                                      (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool add_extension(const struct issue *issue, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issue->issuer, issue->cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool fine = extension && X509_add_ext(issue->cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return fine;
}

static bool begin(struct issue *issue, int days)
{
    issue->cert = X509_new();
    issue->key = EVP_EC_gen("P-256");
    return issue->cert && issue->key &&
           X509_set_version(issue->cert, X509_VERSION_3) == 1 &&
           set_serial(issue->cert) && set_validity(issue->cert, days) &&
           X509_set_pubkey(issue->cert, issue->key) == 1 &&
           add_name(issue->cert, "O", "intacct-mock (for tests only)");
}

static bool finish(struct issue *issue)
{
    return X509_set_issuer_name(issue->cert, X509_get_subject_name(issue->issuer)) == 1 &&
           X509_sign(issue->cert, issue->issuer_key, EVP_sha256()) > 0;
}

/* A name of its own for every CA: several of them may lie in one trust store. */
static bool name_ca(X509 *cert)
{
    char name[64];
    const unsigned char *serial = ASN1_STRING_get0_data(X509_get0_serialNumber(cert));

    snprintf(name, sizeof(name), "intacct-mock test CA %02x%02x%02x%02x", serial[0],
             serial[1], serial[2], serial[3]);
    return add_name(cert, "CN", name);
}

static bool make_ca(struct issue *ca)
{
    if (!begin(ca, CA_DAYS) || !name_ca(ca->cert))
        return false;
    ca->issuer = ca->cert;
    ca->issuer_key = ca->key;
    return add_extension(ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(ca, NID_subject_key_identifier, "hash") && finish(ca);
}

static bool push_general_name(GENERAL_NAMES *names, int type, const void *at, int len)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *text = type == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();

    if (name && text && ASN1_STRING_set(text, at, len) == 1) {
        GENERAL_NAME_set0_value(name, type, text);
        if (sk_GENERAL_NAME_push(names, name) > 0)
            return true;
        text = NULL; /* the name's own by now */
    }
    GENERAL_NAME_free(name);
    ASN1_STRING_free(text);
    return false;
}

static bool push_name(GENERAL_NAMES *names, const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, text, address) == 1)
        return push_general_name(names, GEN_IPADD, address, 4);
    if (inet_pton(AF_INET6, text, address) == 1)
        return push_general_name(names, GEN_IPADD, address, 16);
    return push_general_name(names, GEN_DNS, text, (int)strlen(text));
}

static bool push_names(GENERAL_NAMES *names, const char *const *more)
{
    static const char *const always[] = {"localhost", "*.localhost",  "127.0.0.1",
                                         "::1",       "intacct-mock", NULL};
    char host[256] = "";

    for (const char *const *name = always; *name; name++)
        if (!push_name(names, *name))
            return false;
    if (gethostname(host, sizeof(host) - 1) == 0 && host[0] &&
        strcmp(host, "localhost") != 0 && !push_name(names, host))
        return false;
    for (; more && *more; more++)
        if (!push_name(names, *more))
            return false;
    return true;
}

static bool add_names(X509 *cert, const char *const *more)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool fine = names && push_names(names, more) &&
                X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;

    GENERAL_NAMES_free(names);
    return fine;
}

static bool make_server(struct issue *server, const struct issue *ca,
                        const char *const *names)
{
    if (!begin(server, SERVER_DAYS) || !add_name(server->cert, "CN", "localhost"))
        return false;
    server->issuer = ca->cert;
    server->issuer_key = ca->key;
    return add_extension(server, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(server, NID_key_usage, "critical,digitalSignature") &&
           add_extension(server, NID_ext_key_usage, "serverAuth") &&
           add_extension(server, NID_subject_key_identifier, "hash") &&
           add_extension(server, NID_authority_key_identifier, "keyid:always") &&
           add_names(server->cert, names) && finish(server);
}

static char *to_pem(X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *pem = NULL;

    if (bio && PEM_write_bio_X509(bio, cert) == 1) {
        long len = BIO_get_mem_data(bio, &data);
        pem = calloc(1, (size_t)len + 1);
        if (pem)
            memcpy(pem, data, (size_t)len);
    }
    BIO_free(bio);
    return pem;
}

static bool make(struct im_tls *tls, const char *const *names, struct im_error *err)
{
    struct issue ca = {0}, server = {0};
    bool fine = make_ca(&ca) && make_server(&server, &ca, names);

    tls->key = server.key;
    tls->cert = server.cert;
    if (fine)
        tls->ca_pem = to_pem(ca.cert);
    X509_free(ca.cert);
    EVP_PKEY_free(ca.key);
    return tls->ca_pem ||
           im_error_set(err, "making a test certificate: %s", openssl_reason());
}

/* ---- certificates from files ---- */

static bool read_failed(const char *file, const char *what, struct im_error *err)
{
    return im_error_set(err, "reading the %s %s: %s; give a readable PEM file", what,
                        file, strerror(errno));
}

/* The file's text in a BIO of its own; NULL with err. Read here and not by OpenSSL, whose
 * errors do not keep the system's reason. */
static BIO *read_file(const char *path, const char *what, struct im_error *err)
{
    char piece[4096];
    size_t n, total = 0;
    BIO *bio = BIO_new(BIO_s_mem());
    FILE *file = fopen(path, "rb");

    if (!file || !bio) {
        read_failed(path, what, err);
    } else {
        while ((n = fread(piece, 1, sizeof(piece), file)) > 0 && total < PEM_MAX) {
            BIO_write(bio, piece, (int)n);
            total += n;
        }
        if (!ferror(file)) {
            fclose(file);
            return bio;
        }
        read_failed(path, what, err);
    }
    if (file)
        fclose(file);
    BIO_free(bio);
    return NULL;
}

/* Instead of OpenSSL's, which would ask on the terminal. */
static int no_passphrase(char *to, int size, int writing, void *was_asked)
{
    (void)writing;
    if (size > 0)
        to[0] = '\0';
    *(bool *)was_asked = true;
    return -1;
}

static bool load_key(struct im_tls *tls, const char *path, struct im_error *err)
{
    bool encrypted = false;
    BIO *bio = read_file(path, "private key", err);

    if (!bio)
        return false;
    tls->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &encrypted);
    BIO_free(bio);
    if (tls->key)
        return true;
    if (encrypted)
        return im_error_set(
            err,
            "reading the private key %s: it is encrypted; give one without a "
            "passphrase (openssl pkey -in %s -out plain.pem)",
            path, path);
    return im_error_set(err,
                        "reading the private key %s: no private key in PEM in it; its "
                        "first line should say -----BEGIN PRIVATE KEY-----",
                        path);
}

static bool load_chain(struct im_tls *tls, BIO *bio)
{
    X509 *next;

    while ((next = PEM_read_bio_X509(bio, NULL, no_passphrase, &(bool){false}))) {
        if (!tls->chain)
            tls->chain = sk_X509_new_null();
        if (!tls->chain || sk_X509_push(tls->chain, next) <= 0) {
            X509_free(next);
            return false;
        }
    }
    return true;
}

static bool load_cert(struct im_tls *tls, const char *path, struct im_error *err)
{
    BIO *bio = read_file(path, "certificate", err);

    if (!bio)
        return false;
    tls->cert = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, &(bool){false});
    bool fine = tls->cert && load_chain(tls, bio);
    BIO_free(bio);
    return fine ||
           im_error_set(err,
                        "reading the certificate %s: no certificate in PEM in it; "
                        "its first line should say -----BEGIN CERTIFICATE-----",
                        path);
}

static const char *date_text(const ASN1_TIME *when, char room[80])
{
    struct tm tm;

    if (ASN1_TIME_to_tm(when, &tm) != 1)
        return "a date that cannot be read";
    snprintf(room, 80, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return room;
}

static bool check_dates(const struct im_tls *tls, const char *path, struct im_error *err)
{
    char room[80];
    time_t now = (time_t)(im_clock_real_ms() / 1000);

    if (X509_cmp_time(X509_get0_notAfter(tls->cert), &now) < 0)
        return im_error_set(
            err,
            "the certificate %s expired at %s; renew it, or leave --cert and "
            "--key out to have one made",
            path, date_text(X509_get0_notAfter(tls->cert), room));
    if (X509_cmp_time(X509_get0_notBefore(tls->cert), &now) > 0)
        return im_error_set(
            err,
            "the certificate %s is not valid before %s; is this machine's "
            "clock right?",
            path, date_text(X509_get0_notBefore(tls->cert), room));
    return true;
}

static bool load(struct im_tls *tls, const struct im_tls_options *options,
                 struct im_error *err)
{
    if (!options->cert_file || !options->key_file)
        return im_error_set(err,
                            "a certificate and its private key belong together: %s is "
                            "missing",
                            options->cert_file ? "the private key (--key)"
                                               : "the certificate (--cert)");
    if (!load_cert(tls, options->cert_file, err) ||
        !load_key(tls, options->key_file, err))
        return false;
    if (X509_check_private_key(tls->cert, tls->key) != 1)
        return im_error_set(
            err,
            "the private key %s does not belong to the certificate %s; give "
            "the pair that was made together",
            options->key_file, options->cert_file);
    return check_dates(tls, options->cert_file, err);
}

/* ---- the object ---- */

struct im_tls *im_tls_new(const struct im_tls_options *options, struct im_error *err)
{
    struct im_tls *tls = calloc(1, sizeof(*tls));
    bool from_files = options->cert_file || options->key_file;

    if (!tls) {
        im_error_set(err, "making a test certificate: out of memory");
        return NULL;
    }
    ERR_clear_error();
    bool fine = from_files ? load(tls, options, err) : make(tls, options->names, err);
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
    EVP_PKEY_free(tls->key);
    X509_free(tls->cert);
    sk_X509_pop_free(tls->chain, X509_free);
    free(tls->ca_pem);
    free(tls);
}

struct im_str im_tls_ca_pem(const struct im_tls *tls)
{
    return im_str(tls->ca_pem);
}

/* ---- the server's context ---- */

static void drain(int fd)
{
    char waste[4096];

    for (int i = 0; i < 16; i++)
        if (recv(fd, waste, sizeof(waste), 0) <= 0)
            return;
}

/* Called at every step of a handshake. One that fails because the peer speaks HTTP gets
 * an answer that it can read. What it sent must be taken first: closing a socket with
 * unread bytes resets the connection, and the answer with it. */
static void help_plain_http(const SSL *ssl, int where, int ret)
{
    static const char body[] =
        "This port speaks HTTPS, and the request came as plain HTTP. "
        "Begin the URL with https:// here.\n";
    char answer[512];
    int fd = SSL_get_fd(ssl);

    if (where != SSL_CB_ACCEPT_EXIT || ret > 0 || fd < 0 ||
        ERR_GET_REASON(ERR_peek_last_error()) != SSL_R_HTTP_REQUEST)
        return;
    drain(fd);
    int len =
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                 sizeof(body) - 1, body);
    (void)!send(fd, answer, (size_t)len, MSG_NOSIGNAL);
}

/* Clients that offer HTTP/2 as well are told which of the two we speak. */
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

static bool use_certificate(const struct im_tls *tls, SSL_CTX *ctx)
{
    return SSL_CTX_use_certificate(ctx, tls->cert) == 1 &&
           SSL_CTX_use_PrivateKey(ctx, tls->key) == 1 &&
           (!tls->chain || SSL_CTX_set1_chain(ctx, tls->chain) == 1);
}

static bool set_versions(SSL_CTX *ctx)
{
    static const unsigned char session_context[] = "intacct-mock";

    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, 0) == 1 &&
           SSL_CTX_set_session_id_context(ctx, session_context,
                                          sizeof(session_context) - 1) == 1;
}

bool im_tls_configure(const struct im_tls *tls, void *ssl_ctx, struct im_error *err)
{
    SSL_CTX *ctx = ssl_ctx;

    if (!use_certificate(tls, ctx) || !set_versions(ctx))
        return im_error_set(err, "preparing TLS: %s", openssl_reason());
    /* Clients that just close, without TLS's farewell, are no error of ours; what they
     * have sent is counted by Content-Length. */
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    SSL_CTX_set_info_callback(ctx, help_plain_http);
    return true;
}
