/* channel.c over real sockets: HTTPS from the first byte or from the middle of a connection. */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "listening.h"

static int setup_https(void **state)
{
    struct fixture *f = new_fixture();
    struct im_listener_options options = options_for(f);
    struct im_error err = {.text = ""};

    f->tls = im_tls_new(&(struct im_tls_options){0}, &err);
    options.https_port = 0;
    options.tls = f->tls;
    listens(f, &options);
    *state = f;
    return 0;
}

#define HTTPS(f) cmocka_unit_test_setup_teardown(f, setup_https, teardown)

static SSL_CTX *trusting(const struct fixture *f)
{
    struct im_str pem = im_tls_ca_pem(f->tls);
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    X509_free(ca);
    BIO_free(bio);
    return ctx;
}

/* Ended by hang_up(), the socket with it. */
static SSL *handshaken(SSL_CTX *ctx, int fd, SSL_SESSION *session)
{
    SSL *ssl = SSL_new(ctx);

    SSL_set1_host(ssl, "localhost");
    SSL_set_tlsext_host_name(ssl, "localhost");
    SSL_set_fd(ssl, fd);
    if (session)
        SSL_set_session(ssl, session);
    if (SSL_connect(ssl) != 1)
        fail_msg("%s", X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
    return ssl;
}

static void hang_up(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);

    SSL_free(ssl);
    close(fd);
}

static void asks_safely(struct fixture *f, SSL *ssl, const char *text)
{
    int n;

    assert_int_equal(SSL_write(ssl, text, (int)strlen(text)), (int)strlen(text));
    f->len = 0;
    while ((n = SSL_read(ssl, f->answer + f->len, (int)(ANSWER_MAX - 1 - f->len))) > 0)
        f->len += (size_t)n;
    f->answer[f->len] = '\0';
}

static int connected_to_https(const struct fixture *f)
{
    int fd = connect_to("127.0.0.1", f->https_port);

    assert_true(fd >= 0);
    return fd;
}

static void https_convinces_a_client_that_trusts_the_ca(void **state)
{
    struct fixture *f = *state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *ctx = trusting(f);
        int fd = connected_to_https(f);
        SSL_CTX_set_min_proto_version(ctx, versions[i]);
        SSL_CTX_set_max_proto_version(ctx, versions[i]);
        SSL *ssl = handshaken(ctx, fd, NULL);
        asks_safely(f, ssl,
                    "POST /a HTTP/1.1\r\n" HOST BYE "Content-Length: 2\r\n\r\nhi");
        answered(f, "body:hi\nat https://127.0.0.1:");
        hang_up(ssl);
        SSL_CTX_free(ctx);
    }
}

static void a_session_is_resumed(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *ctx = trusting(f);
    SSL_SESSION *session = NULL;

    for (int i = 0; i < 2; i++) {
        int fd = connected_to_https(f);
        SSL *ssl = handshaken(ctx, fd, session);
        assert_int_equal(SSL_session_reused(ssl), i);
        asks_safely(f, ssl, "GET /a HTTP/1.1\r\n" HOST BYE "\r\n");
        SSL_SESSION_free(session);
        session = SSL_get1_session(ssl);
        SSL_shutdown(ssl);
        hang_up(ssl);
    }
    SSL_SESSION_free(session);
    SSL_CTX_free(ctx);
}

static void damage_reaches_https_too(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *ctx = trusting(f);
    int fd = connected_to_https(f);
    SSL *ssl = handshaken(ctx, fd, NULL);

    asks_safely(f, ssl, "GET /reset HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(f->len, 0);
    assert_int_equal(errno, ECONNRESET);
    hang_up(ssl);

    fd = connected_to_https(f);
    ssl = handshaken(ctx, fd, NULL);
    asks_safely(f, ssl, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
    assert_string_equal(body_of(f), "data: 0\n\ndata: 1\n\ndata: 2\n\n");
    hang_up(ssl);
    SSL_CTX_free(ctx);
}

/* As a proxy has it that ends a tunnel here. */
static void tls_may_begin_in_the_middle_of_a_connection(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *ctx = trusting(f);
    int fd = connected(f);

    says(fd, "GET /tls HTTP/1.1\r\n" HOST "\r\n");
    hears_one(f, fd);
    SSL *ssl = handshaken(ctx, fd, NULL);
    asks_safely(f, ssl, "GET /inside HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "[sound] \nGET /inside ");
    answered(f, "at https://127.0.0.1:");
    hang_up(ssl);
    SSL_CTX_free(ctx);
}

/* What follows the answer is left to whoever reads next. */
static void hears_no_more_than_one(struct fixture *f, int fd)
{
    f->len = 0;
    do {
        assert_int_equal(recv(fd, f->answer + f->len, 1, 0), 1);
        f->answer[++f->len] = '\0';
    } while (!body_of(f) || strlen(body_of(f)) < claimed_length(f));
}

/* A client that does not wait for the answer before it says hello. */
static void tls_may_come_with_the_request_before_it(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *ctx = trusting(f);
    SSL *ssl = SSL_new(ctx);
    BIO *out = BIO_new(BIO_s_mem());
    char hello[4096];
    int fd = connected(f);

    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    SSL_set_tlsext_host_name(ssl, "localhost");
    assert_int_equal(SSL_connect(ssl), -1);
    int n = snprintf(hello, sizeof(hello), "GET /tls HTTP/1.1\r\n" HOST "\r\n");
    n += BIO_read(out, hello + n, (int)sizeof(hello) - n);
    says_bytes(fd, hello, (size_t)n);
    hears_no_more_than_one(f, fd);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    asks_safely(f, ssl, "GET /inside HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "[sound] \nGET /inside ");
    hang_up(ssl);
    SSL_CTX_free(ctx);
}

static void http_at_the_https_port_is_told_so(void **state)
{
    struct fixture *f = *state;
    int fd = connected_to_https(f);

    says(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    hears_to_the_end(f, fd);
    answered(f, "This port speaks HTTPS");
}

static void a_failed_handshake_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 20; i++) {
        int fd = connected_to_https(f);
        says(fd, "neither TLS nor HTTP");
        hears_to_the_end(f, fd);
    }
    /* had they been counted as open or as closed, keep-alive would go wrong now */
    keeps_a_connection(f);
    serves_more_connections_than_threads(f);
}

static const struct CMUnitTest tests[] = {
    HTTPS(https_convinces_a_client_that_trusts_the_ca),
    HTTPS(a_session_is_resumed),
    HTTPS(damage_reaches_https_too),
    HTTPS(tls_may_begin_in_the_middle_of_a_connection),
    HTTPS(tls_may_come_with_the_request_before_it),
    HTTPS(http_at_the_https_port_is_told_so),
    HTTPS(a_failed_handshake_leaves_nothing_behind),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
