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

/* As its parse_http_request, which first looks for the end of the head, byte by byte: that
 * is known already. */
bool im_civetweb_read_head(char *head, size_t len, struct im_request *req,
                           struct im_str *version)
{
    struct mg_header headers[MG_MAX_HEADERS];
    char *at = head, *words[3];

    head[len - 1] = '\0';
    for (int i = 0; i < 3; i++) {
        words[i] = at;
        if (skip_to_end_of_word_and_terminate(&at, i == 2) <= 0)
            return false;
    }
    req->method = im_str(words[0]);
    req->target = im_str(words[1]);
    if (strncmp(words[2], "HTTP/", 5) != 0)
        return false;
    *version = im_str(words[2] + 5);
    int count = is_valid_http_method(words[0]) ? parse_http_headers(&at, headers) : -1;
    for (int i = 0; i < count; i++)
        im_request_add_header(req, im_str(headers[i].name), im_str(headers[i].value));
    return count >= 0;
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
