/* Making certificates (X.509 version 3, RFC 5280) by OpenSSL: a CA, and the certificates
 * of servers that it signs, the deliberately bad ones among them. P-256 everywhere: a key
 * takes a fraction of a millisecond, where RSA-2048 takes 144. Nothing here touches a
 * file. */
#include "http/tls_cert.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    CLOCK_SKEW_S = 3600, /* the clock of a container or a virtual machine may be behind */
    CA_DAYS = 3650,
    SERIAL_BYTES = 16, /* 127 random bits */
    NAME_MAX_LEN = 256,
    CN_MAX = 64 /* ub-common-name, RFC 5280 appendix A.1; clients look at other names */
};

const char *im_tls_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return reason ? reason : "OpenSSL gives no reason";
}

void im_tls_pair_free(struct im_tls_pair *pair)
{
    X509_free(pair->cert);
    EVP_PKEY_free(pair->key);
    *pair = (struct im_tls_pair){NULL, NULL};
}

struct cert_draft {
    X509 *cert;    /* being made */
    EVP_PKEY *key; /* its own */
    X509 *issuer;  /* itself for the CA */
    EVP_PKEY *issuer_key;
};

/* Random, as RFC 5280 section 4.1.2.2 wants it unique for each CA: Firefox refuses a
 * second certificate of one issuer with the same number. */
static bool cert_set_serial(X509 *cert)
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

static bool cert_set_validity(X509 *cert, int from_days, int to_days)
{
    time_t base = (time_t)(im_clock_real_ms() / 1000) - CLOCK_SKEW_S;

    return X509_time_adj_ex(X509_getm_notBefore(cert), from_days, 0, &base) &&
           X509_time_adj_ex(X509_getm_notAfter(cert), to_days, 0, &base);
}

static bool cert_add_name(X509 *cert, const char *field, const char *text)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), field, MBSTRING_UTF8,
                                      (const unsigned char *)text, -1, -1, 0) == 1;
}

/* By OpenSSL's words of its configuration files ("critical,CA:FALSE"). The context tells
 * it whose key identifiers to use. */
static bool draft_add_extension(const struct cert_draft *draft, int nid,
                                const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, draft->issuer, draft->cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool fine = extension && X509_add_ext(draft->cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return fine;
}

static bool draft_begin(struct cert_draft *draft, int from_days, int to_days)
{
    draft->cert = X509_new();
    if (!draft->key)
        draft->key = EVP_EC_gen("P-256");
    return draft->cert && draft->key &&
           X509_set_version(draft->cert, X509_VERSION_3) == 1 &&
           cert_set_serial(draft->cert) &&
           cert_set_validity(draft->cert, from_days, to_days) &&
           X509_set_pubkey(draft->cert, draft->key) == 1 &&
           cert_add_name(draft->cert, "O", "intacct-mock (for tests only)");
}

static bool draft_sign(struct cert_draft *draft)
{
    return X509_set_issuer_name(draft->cert, X509_get_subject_name(draft->issuer)) == 1 &&
           X509_sign(draft->cert, draft->issuer_key, EVP_sha256()) > 0;
}

/* A name of its own for every CA: several of them may lie in one trust store. */
static bool name_ca(X509 *cert)
{
    char name[64];
    const unsigned char *serial = ASN1_STRING_get0_data(X509_get0_serialNumber(cert));

    snprintf(name, sizeof(name), "intacct-mock test CA %02x%02x%02x%02x", serial[0],
             serial[1], serial[2], serial[3]);
    return cert_add_name(cert, "CN", name);
}

static bool sign_ca(struct cert_draft *ca)
{
    if (!draft_begin(ca, 0, CA_DAYS) || !name_ca(ca->cert))
        return false;
    /* only now: draft_begin() has made certificate and key */
    ca->issuer = ca->cert;
    ca->issuer_key = ca->key;
    return draft_add_extension(ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           draft_add_extension(ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           draft_add_extension(ca, NID_subject_key_identifier, "hash") && draft_sign(ca);
}

bool im_tls_make_ca(struct im_tls_pair *ca, EVP_PKEY *key)
{
    struct cert_draft draft = {.key = key};
    bool fine = sign_ca(&draft);

    *ca = (struct im_tls_pair){draft.cert, draft.key};
    if (!fine)
        im_tls_pair_free(ca);
    return fine;
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

/* An address must stand as bytes of type iPAddress: clients compare no address with DNS
 * names (RFC 9525). */
static bool push_plain(GENERAL_NAMES *names, const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, text, address) == 1)
        return push_general_name(names, GEN_IPADD, address, 4);
    if (inet_pton(AF_INET6, text, address) == 1)
        return push_general_name(names, GEN_IPADD, address, 16);
    return push_general_name(names, GEN_DNS, text, (int)strlen(text));
}

/* Behind a label there is no address, and no wildcard that a client would accept. */
static bool push_name(GENERAL_NAMES *names, const struct im_tls_params *params,
                      const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    char name[NAME_MAX_LEN + 64];

    if (!params->label)
        return push_plain(names, text);
    if (text[0] == '*' || inet_pton(AF_INET, text, address) == 1 ||
        inet_pton(AF_INET6, text, address) == 1)
        return true;
    snprintf(name, sizeof(name), "%s.%s", params->label, text);
    return push_plain(names, name);
}

/* Besides what was asked for, the names by which a server on this machine or in a
 * container is reached without any option. */
static bool push_names(GENERAL_NAMES *names, const struct im_tls_params *params)
{
    static const char *const always[] = {"localhost", "*.localhost",  "127.0.0.1",
                                         "::1",       "intacct-mock", NULL};
    char host[NAME_MAX_LEN] = "";

    if (params->only)
        return push_plain(names, params->only);
    for (const char *const *name = always; *name; name++)
        if (!push_name(names, params, *name))
            return false;
    if (gethostname(host, sizeof(host) - 1) == 0 && host[0] &&
        strcmp(host, "localhost") != 0 && !push_name(names, params, host))
        return false;
    for (const char *const *more = params->names; more && *more; more++)
        if (!push_name(names, params, *more))
            return false;
    return true;
}

/* subjectAltName: the only names that clients look at (RFC 9525). By the struct
 * and not by OpenSSL's text form, in which a comma in a name would begin another. */
static bool cert_add_alt_names(X509 *cert, const struct im_tls_params *params)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool fine = names && push_names(names, params) &&
                X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;

    GENERAL_NAMES_free(names);
    return fine;
}

static bool sign_server(struct cert_draft *server, const struct im_tls_params *params)
{
    if (!draft_begin(server, params->from_days, params->to_days) ||
        !cert_add_name(server->cert, "CN",
                       params->only && strlen(params->only) <= CN_MAX ? params->only
                                                                      : "localhost"))
        return false;
    return draft_add_extension(server, NID_basic_constraints, "critical,CA:FALSE") &&
           draft_add_extension(server, NID_key_usage,
                               EVP_PKEY_is_a(server->key, "RSA")
                                   ? "critical,digitalSignature,keyEncipherment"
                                   : "critical,digitalSignature") &&
           draft_add_extension(server, NID_ext_key_usage, "serverAuth") &&
           draft_add_extension(server, NID_subject_key_identifier, "hash") &&
           draft_add_extension(server, NID_authority_key_identifier, "keyid:always") &&
           cert_add_alt_names(server->cert, params) && draft_sign(server);
}

bool im_tls_make_server(struct im_tls_pair *server, const struct im_tls_pair *ca,
                        const struct im_tls_params *params)
{
    struct cert_draft draft = {
        .key = server->key, .issuer = ca->cert, .issuer_key = ca->key};
    bool fine = sign_server(&draft, params);

    *server = (struct im_tls_pair){draft.cert, draft.key};
    return fine;
}

char *im_tls_to_pem(X509 *cert, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *pem = NULL;
    bool written = false;

    if (bio && cert)
        written = PEM_write_bio_X509(bio, cert) == 1;
    else if (bio && key)
        written = PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
    if (written) {
        /* a copy: the BIO's text has no NUL, and is cleansed with the BIO */
        long len = BIO_get_mem_data(bio, &data);
        pem = calloc(1, (size_t)len + 1);
        if (pem)
            memcpy(pem, data, (size_t)len);
    }
    BIO_free(bio);
    return pem;
}
