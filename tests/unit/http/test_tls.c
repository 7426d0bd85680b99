/* http/tls.c: the certificate that is made, and what is said about those that are
 * given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/tls.h"

#define DAY 86400

static struct im_tls *made(const char *const *names)
{
    struct im_error err = {.text = ""};
    struct im_tls *tls = im_tls_new(&(struct im_tls_options){.names = names}, &err);

    if (!tls)
        fail_msg("%s", err.text);
    return tls;
}

static X509 *ca_of(const struct im_tls *tls)
{
    struct im_str pem = im_tls_ca_pem(tls);
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    assert_non_null(ca);
    return ca;
}

static SSL_CTX *configured(struct im_tls *tls)
{
    struct im_error err = {.text = ""};
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (!im_tls_configure(tls, ctx, &err))
        fail_msg("%s", err.text);
    return ctx;
}

static int verify(X509 *ca, X509 *cert)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();

    X509_STORE_add_cert(store, ca);
    X509_STORE_CTX_init(ctx, store, cert, NULL);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
    X509_verify_cert(ctx);
    int result = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return result;
}

/* ---- made at start ---- */

static void the_ca_vouches_for_the_certificate(void **state)
{
    struct im_tls *tls = made(NULL);
    SSL_CTX *ctx = configured(tls);
    X509 *ca = ca_of(tls);

    assert_int_equal(verify(ca, SSL_CTX_get0_certificate(ctx)), X509_V_OK);
    assert_int_equal(
        X509_check_purpose(SSL_CTX_get0_certificate(ctx), X509_PURPOSE_SSL_CLIENT, 0), 0);
    X509_free(ca);
    SSL_CTX_free(ctx);
    im_tls_free(tls);
}

static void it_is_good_for_the_names_of_this_machine_and_those_given(void **state)
{
    static const char *const more[] = {"mock.test", "10.1.2.3", "fe80::1", NULL};
    static const char *const names[] = {"localhost", "LOCALHOST", "intacct-mock",
                                        "mock.test"};
    static const char *const addresses[] = {"127.0.0.1", "::1", "10.1.2.3", "fe80::1"};
    struct im_tls *tls = made(more);
    SSL_CTX *ctx = configured(tls);
    X509 *cert = SSL_CTX_get0_certificate(ctx);
    char host[256] = "";

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(X509_check_host(cert, names[i], 0, 0, NULL), 1);
        assert_int_equal(X509_check_ip_asc(cert, addresses[i], 0), 1);
    }
    assert_int_equal(X509_check_host(cert, "example.com", 0, 0, NULL), 0);
    gethostname(host, sizeof(host) - 1);
    assert_int_equal(X509_check_host(cert, host, 0, 0, NULL), 1);
    SSL_CTX_free(ctx);
    im_tls_free(tls);
}

/* Looked for in the list itself: OpenSSL's own comparison takes no wildcard before one
 * label, other clients do. */
static void it_names_everything_below_localhost(void **state)
{
    struct im_tls *tls = made(NULL);
    SSL_CTX *ctx = configured(tls);
    GENERAL_NAMES *names =
        X509_get_ext_d2i(SSL_CTX_get0_certificate(ctx), NID_subject_alt_name, NULL, NULL);
    bool found = false;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS && name->d.dNSName->length == 11)
            found |= memcmp(name->d.dNSName->data, "*.localhost", 11) == 0;
    }
    assert_true(found);
    GENERAL_NAMES_free(names);
    SSL_CTX_free(ctx);
    im_tls_free(tls);
}

static void it_lasts_397_days_from_an_hour_ago(void **state)
{
    struct im_tls *tls = made(NULL);
    SSL_CTX *ctx = configured(tls);
    X509 *cert = SSL_CTX_get0_certificate(ctx), *ca = ca_of(tls);
    int days, seconds;

    ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert), X509_get0_notAfter(cert));
    assert_int_equal(days, 397);
    ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert), NULL);
    assert_in_range(days * DAY + seconds, 3600, 3660);
    ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(ca));
    assert_in_range(days, 3640, 3650);
    X509_free(ca);
    SSL_CTX_free(ctx);
    im_tls_free(tls);
}

static void every_ca_has_a_name_and_a_serial_of_its_own(void **state)
{
    struct im_tls *one = made(NULL), *two = made(NULL);
    X509 *a = ca_of(one), *b = ca_of(two);
    char name[128];

    X509_NAME_get_text_by_NID(X509_get_subject_name(a), NID_commonName, name,
                              sizeof(name));
    assert_memory_equal(name, "intacct-mock test CA ", 21);
    assert_int_not_equal(
        X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)), 0);
    assert_int_not_equal(
        ASN1_INTEGER_cmp(X509_get_serialNumber(a), X509_get_serialNumber(b)), 0);
    assert_int_equal(X509_get0_serialNumber(a)->length, 16);
    X509_free(a);
    X509_free(b);
    im_tls_free(one);
    im_tls_free(two);
}

/* ---- faults by the name that is asked for ---- */

/* What a client that trusts `ca` finds wrong, or 0; *reason is OpenSSL's when it was told nothing of
 * a certificate. Both talk through memory. */
static long greet(struct im_tls *tls, X509 *ca, const char *name, int least, int *reason)
{
    SSL_CTX *ctx = configured(tls), *client_ctx = SSL_CTX_new(TLS_client_method());
    SSL *server = SSL_new(ctx), *client = SSL_new(client_ctx);
    BIO *near, *far;

    X509_STORE_add_cert(SSL_CTX_get_cert_store(client_ctx), ca);
    BIO_new_bio_pair(&near, 0, &far, 0);
    SSL_set_bio(server, near, near);
    SSL_set_bio(client, far, far);
    SSL_set_tlsext_host_name(client, name);
    SSL_set1_host(client, name);
    SSL_set_min_proto_version(client, least);
    SSL_set_verify(client, SSL_VERIFY_PEER, NULL);
    ERR_clear_error();
    *reason = 0;
    for (int i = 0; i < 8 && !*reason && !SSL_is_init_finished(client); i++) {
        SSL_connect(client);
        *reason = ERR_GET_REASON(ERR_peek_last_error());
        ERR_clear_error();
        SSL_accept(server);
        ERR_clear_error();
    }
    long result = SSL_get_verify_result(client);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(ctx);
    return result;
}

static void a_name_has_the_fault_that_it_says_and_no_other(void **state)
{
    static const char *const more[] = {"mock.test", "10.1.2.3", NULL};
    static const struct {
        const char *name;
        long result;
    } cases[] = {
        {"localhost", X509_V_OK},
        {"mock.test", X509_V_OK},
        {"expired.localhost", X509_V_ERR_CERT_HAS_EXPIRED},
        {"expired.mock.test", X509_V_ERR_CERT_HAS_EXPIRED},
        {"Expired.MOCK.test", X509_V_ERR_CERT_HAS_EXPIRED},
        {"not-yet-valid.localhost", X509_V_ERR_CERT_NOT_YET_VALID},
        {"wrong-host.intacct-mock", X509_V_ERR_HOSTNAME_MISMATCH},
        {"untrusted.localhost", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
        {"expired.other.test", X509_V_ERR_HOSTNAME_MISMATCH}, /* none of ours */
        {"expired", X509_V_ERR_HOSTNAME_MISMATCH},
        {"expire.localhost", X509_V_ERR_HOSTNAME_MISMATCH},
    };
    struct im_tls *tls = made(more);
    X509 *ca = ca_of(tls);
    int reason;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        long result = greet(tls, ca, cases[i].name, TLS1_2_VERSION, &reason);
        if (result != cases[i].result)
            fail_msg("%s: %s", cases[i].name, X509_verify_cert_error_string(result));
    }
    X509_free(ca);
    im_tls_free(tls);
}

static void an_old_protocol_is_refused_and_an_abort_says_nothing(void **state)
{
    struct im_tls *tls = made(NULL);
    X509 *ca = ca_of(tls);
    int reason;

    greet(tls, ca, "old-protocol.localhost", TLS1_2_VERSION, &reason);
    assert_int_equal(reason, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    assert_int_equal(greet(tls, ca, "old-protocol.localhost", TLS1_VERSION, &reason),
                     X509_V_OK);
    greet(tls, ca, "abort.localhost", TLS1_2_VERSION, &reason);
    assert_int_equal(reason, 0); /* in memory nobody closes: it just waits */
    X509_free(ca);
    im_tls_free(tls);
}

/* ---- a CA that stays ---- */

static void a_kept_ca_is_the_same_the_next_time(void **state)
{
    char folder[] = "/tmp/im-tls-XXXXXX", dir[64], path[128];
    struct im_error err = {.text = ""};
    struct im_tls *tls[2];
    int reason;

    assert_non_null(mkdtemp(folder));
    snprintf(dir, sizeof(dir), "%s/ca", folder);
    for (int i = 0; i < 2; i++) {
        tls[i] = im_tls_new(&(struct im_tls_options){.ca_dir = dir}, &err);
        if (!tls[i])
            fail_msg("%s", err.text);
    }
    assert_string_equal(im_tls_ca_pem(tls[0]).at, im_tls_ca_pem(tls[1]).at);
    X509 *ca = ca_of(tls[0]);
    assert_int_equal(greet(tls[1], ca, "localhost", TLS1_2_VERSION, &reason), X509_V_OK);
    X509_free(ca);
    im_tls_free(tls[0]);
    im_tls_free(tls[1]);
    snprintf(path, sizeof(path), "%s/ca-key.pem", dir);
    unlink(path);
    assert_null(im_tls_new(&(struct im_tls_options){.ca_dir = dir}, &err));
    assert_non_null(strstr(err.text, "no private key"));
    snprintf(path, sizeof(path), "%s/ca.pem", dir);
    unlink(path);
    rmdir(dir);
    rmdir(folder);
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const wrong[] = {"", "a b", "http://a", "a\n", "ä.test"};
    struct im_error err = {.text = ""};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *const names[] = {"a.test", wrong[i], NULL};
        assert_null(im_tls_new(&(struct im_tls_options){.names = names}, &err));
        assert_non_null(strstr(err.text, "neither a DNS name nor an address"));
    }
}

/* ---- given as files ---- */

struct files {
    char cert[32], key[32], other[32];
};

static FILE *make_file(char name[32])
{
    snprintf(name, 32, "/tmp/im-tls-XXXXXX");
    FILE *file = fdopen(mkstemp(name), "w");

    assert_non_null(file);
    return file;
}

static EVP_PKEY *write_key(char name[32], const EVP_CIPHER *cipher)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *file = make_file(name);

    PEM_write_PrivateKey(file, key, cipher, (const unsigned char *)"secret",
                         cipher ? 6 : 0, NULL, NULL);
    fclose(file);
    return key;
}

/* A certificate for itself, valid between these days from now. */
static void write_cert(char name[32], EVP_PKEY *key, int from_days, int to_days)
{
    X509 *cert = X509_new();
    FILE *file = make_file(name);

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_time_adj_ex(X509_getm_notBefore(cert), from_days, 0, NULL);
    X509_time_adj_ex(X509_getm_notAfter(cert), to_days, 0, NULL);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"x", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_sign(cert, key, EVP_sha256());
    PEM_write_X509(file, cert);
    PEM_write_X509(file, cert); /* stands for a chain */
    fclose(file);
    X509_free(cert);
}

static struct files given(int from_days, int to_days)
{
    struct files files;
    EVP_PKEY *key = write_key(files.key, NULL);

    write_cert(files.cert, key, from_days, to_days);
    EVP_PKEY_free(key);
    EVP_PKEY_free(write_key(files.other, EVP_aes_128_cbc()));
    return files;
}

static void removed(const struct files *files)
{
    unlink(files->cert);
    unlink(files->key);
    unlink(files->other);
}

static void refused(const char *cert, const char *key, const char *file, const char *why)
{
    struct im_error err = {.text = ""};
    struct im_tls_options options = {.cert_file = cert, .key_file = key};

    assert_null(im_tls_new(&options, &err));
    if (!strstr(err.text, file) || !strstr(err.text, why) || strchr(err.text, '\n'))
        fail_msg("\"%s\" does not say \"%s\" of %s", err.text, why, file);
}

static void a_pair_of_files_is_used_and_has_no_ca(void **state)
{
    struct files files = given(-1, 1);
    struct im_error err = {.text = ""};
    struct im_tls *tls = im_tls_new(
        &(struct im_tls_options){.cert_file = files.cert, .key_file = files.key}, &err);
    STACK_OF(X509) *chain = NULL;

    removed(&files);
    assert_non_null(tls);
    assert_int_equal(im_tls_ca_pem(tls).len, 0);
    SSL_CTX *ctx = configured(tls);
    SSL_CTX_get0_chain_certs(ctx, &chain);
    assert_int_equal(sk_X509_num(chain), 1);
    SSL_CTX_free(ctx);
    im_tls_free(tls);
}

static void what_cannot_be_read_is_named(void **state)
{
    struct files files = given(-1, 1);

    refused("/nonexistent/c.pem", files.key, "/nonexistent/c.pem", "No such file");
    refused(files.cert, "/nonexistent/k.pem", "/nonexistent/k.pem", "No such file");
    refused(files.key, files.key, files.key, "no certificate in PEM");
    refused(files.cert, files.cert, files.cert, "no private key in PEM");
    refused(files.cert, files.other, files.other, "encrypted");
    refused(files.cert, NULL, "--key", "is missing");
    refused("/tmp", files.key, "/tmp", "Is a directory");
    removed(&files);
}

static void a_key_of_another_certificate_is_refused(void **state)
{
    struct files one = given(-1, 1), two = given(-1, 1);

    refused(one.cert, two.key, one.cert, "does not belong");
    removed(&one);
    removed(&two);
}

static void an_expired_certificate_is_refused_with_its_date(void **state)
{
    struct files files = given(-2, -1), early = given(1, 2);

    refused(files.cert, files.key, files.cert, "expired at 20");
    refused(early.cert, early.key, early.cert, "not valid before 20");
    removed(&files);
    removed(&early);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ca_vouches_for_the_certificate),
        cmocka_unit_test(it_is_good_for_the_names_of_this_machine_and_those_given),
        cmocka_unit_test(it_names_everything_below_localhost),
        cmocka_unit_test(it_lasts_397_days_from_an_hour_ago),
        cmocka_unit_test(every_ca_has_a_name_and_a_serial_of_its_own),
        cmocka_unit_test(a_name_has_the_fault_that_it_says_and_no_other),
        cmocka_unit_test(an_old_protocol_is_refused_and_an_abort_says_nothing),
        cmocka_unit_test(a_kept_ca_is_the_same_the_next_time),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(a_pair_of_files_is_used_and_has_no_ca),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(a_key_of_another_certificate_is_refused),
        cmocka_unit_test(an_expired_certificate_is_refused_with_its_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
