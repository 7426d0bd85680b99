/* The one file that includes CivetWeb. All of it is compiled here, because what we need of it is static
 * there; with flags of its own (Makefile) and outside lint. server/DECISIONS.md says why
 * its threads are not used. */
#define _GNU_SOURCE
#include <ctype.h>
#include <signal.h>

/* All CivetWeb does with signals is that each of its threads sets SIGPIPE to be ignored,
 * for the whole process. That is the host program's to decide. */
#define sigaction(...) 0

/* It takes a tab for no part of a head; RFC 9110 sections 5.5 and 5.6.3 do. What else may
 * not be there has been refused before it is asked (http/head.h). */
#undef isprint
#define isprint(c) ((c) == '\t' || ((c) >= ' ' && (c) <= '~'))

#include <civetweb.c>

#include "listener/civetweb.h"

bool im_civetweb_read_head(char *head, size_t len, struct im_request *req,
                           struct im_str *version)
{
    struct mg_request_info info = {0};
    bool fine = parse_http_request(head, (int)len, &info) > 0;

    req->method = im_str(info.request_method);
    req->target = im_str(info.request_uri);
    *version = im_str(info.http_version);
    for (int i = 0; fine && i < info.num_headers; i++)
        im_request_add_header(req, im_str(info.http_headers[i].name),
                              im_str(info.http_headers[i].value));
    return fine;
}

bool im_civetweb_knows_method(const char *method)
{
    return is_valid_http_method(method);
}

struct tls_request {
    bool (*configure)(void *ssl_ctx, void *context);
    void *context;
};

static int configure_tls(void *ssl_ctx, void *user_data)
{
    struct tls_request *request = (struct tls_request *)user_data;

    /* it looks for the connection of CivetWeb's that we do not have */
    SSL_CTX_set_tlsext_servername_callback((SSL_CTX *)ssl_ctx, NULL);
    return request->configure(ssl_ctx, request->context) ? 1 : -1;
}

void *im_civetweb_tls(bool (*configure)(void *ssl_ctx, void *context), void *context)
{
    struct tls_request request = {configure, context};
    struct mg_context *mg = (struct mg_context *)mg_calloc(1, sizeof(*mg));
    SSL_CTX *ssl_ctx = NULL;

    if (!mg)
        return NULL;
    mg->callbacks.init_ssl = configure_tls;
    mg->user_data = &request;
    mg->dd.config[SSL_PROTOCOL_VERSION] = (char *)"4"; /* TLS 1.2 and later */
    if (init_ssl_ctx_impl(mg, &mg->dd, NULL, NULL))
        ssl_ctx = mg->dd.ssl_ctx;
    else
        SSL_CTX_free(mg->dd.ssl_ctx);
    mg_free(mg);
    return ssl_ctx;
}

void im_civetweb_free_tls(void *ssl_ctx)
{
    SSL_CTX_free((SSL_CTX *)ssl_ctx);
}
