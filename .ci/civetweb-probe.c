/* Is this system's libcivetweb one that intacct-mock can be built on? .ci/civetweb asks before it uses one.
 *
 * Some are built without IPv6 or TLS, some for another OpenSSL, so that the first TLS connection crashes, and
 * some need two seconds to stop. Exit status 0: none of that. Works in the current folder. */
#include <civetweb.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CERTIFICATE "probe.pem"

static int fail(const char *why)
{
    fprintf(stderr, "civetweb: the system's library: %s\n", why);
    return 1;
}

static int make_certificate(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    FILE *file = fopen(CERTIFICATE, "w");
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"probe", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    int made = file && X509_sign(cert, key, EVP_sha256()) > 0 && PEM_write_X509(file, cert) &&
               PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    if (file)
        fclose(file);
    X509_free(cert);
    EVP_PKEY_free(key);
    return made;
}

static int answers_over_tls(int port)
{
    char address[32], text[16] = "";
    snprintf(address, sizeof(address), "127.0.0.1:%d", port);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    BIO *bio = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(bio, address);
    int works = BIO_do_connect(bio) > 0 && BIO_puts(bio, "GET / HTTP/1.0\r\n\r\n") > 0 &&
                BIO_read(bio, text, sizeof(text) - 1) > 8 && strncmp(text, "HTTP/1", 6) == 0;
    BIO_free_all(bio);
    SSL_CTX_free(context);
    return works;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(void)
{
    const char *options[] = {"listening_ports", "127.0.0.1:0s", "ssl_certificate", CERTIFICATE, NULL};
    struct mg_callbacks callbacks;
    struct mg_server_port port;
    memset(&callbacks, 0, sizeof(callbacks));

    if (!make_certificate())
        return fail("cannot make a certificate to try it with");
    if (mg_init_library(MG_FEATURES_SSL) != MG_FEATURES_SSL || !mg_check_feature(MG_FEATURES_IPV6))
        return fail("built without TLS or IPv6");
    struct mg_context *context = mg_start(&callbacks, NULL, options);
    if (!context || mg_get_server_ports(context, 1, &port) != 1)
        return fail("does not start with TLS");
    if (!answers_over_tls(port.port))
        return fail("does not answer over TLS");
    double start = now();
    mg_stop(context);
    if (now() - start > 1.0)
        return fail("takes more than a second to stop");
    return 0;
}
