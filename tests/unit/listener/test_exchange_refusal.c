/* exchange.c over real sockets: what is refused before anything answers it, and how the refusal says why. */
#include "listening.h"

static void refuses(struct fixture *f, const char *text, const char *why)
{
    asks(f, text);
    answered(f, "HTTP/1.1 400 ");
    answered(f, "Connection: close\r\n");
    answered(f, why);
}

static void doubtful_lengths_are_refused(void **state)
{
    refuses(*state,
            "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "[malformed] 2 Content-Length headers");
    refuses(*state, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5x\r\n\r\nabcde",
            "[malformed] Content-Length: \"5x\" is not");
    refuses(*state, "POST / HTTP/1.1\r\n" HOST "Content-Length: abc\r\n\r\n",
            "[malformed] Content-Length: \"abc\" is not");
    refuses(*state, "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
            "[malformed] Content-Length: \"-1\" is not");
    refuses(*state,
            "POST / HTTP/1.1\r\n" HOST
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\n",
            "[malformed] a chunked body and a Content-Length");
    refuses(*state, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n",
            "[malformed] Transfer-Encoding: gzip");
}

static void bad_chunks_are_refused(void **state)
{
    refuses(*state,
            "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
            "[malformed] a chunk of the body");
    refuses(*state,
            "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n",
            "[malformed] a chunk of the body");
}

static void lines_that_are_no_headers_are_refused(void **state)
{
    refuses(*state, "GET / HTTP/1.1\r\n" HOST "X-A: 1\r\n folded\r\nX-B: 2\r\n\r\n",
            "[malformed] the header X-A goes on in the next line");
    refuses(*state, "GET / HTTP/1.1\r\n" HOST ": nameless\r\n\r\n",
            "[malformed] the line behind the header Host is no header");
    refuses(*state, "GET / HTTP/1.1\r\n" HOST "X-\xc3\xa4: 1\r\n\r\n", "[malformed]");
    refuses(*state, "GET / HTTP/1.1\r\nHost : h\r\n\r\n", "[malformed] a space between");
    refuses(*state, "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
            "[malformed] a header line");
}

static void more_than_64_headers_are_refused(void **state)
{
    char text[2000] = "GET / HTTP/1.1\r\n" HOST;

    for (int i = 0; i < 63; i++)
        strcat(text, "X-A: 1\r\n");
    size_t len = strlen(text);
    strcpy(text + len, BYE "\r\n");
    refuses(*state, text, "[headers too large] more than 64 headers");
    strcpy(text + len, "\r\n");
    int fd = connected(*state);
    says(fd, text);
    hears_one(*state, fd);
    answered(*state, "[sound]");
    close(fd);
}

static void large_headers_are_refused(void **state)
{
    static const size_t sizes[] = {20000, 100000, 1000000};
    char *text = malloc(1000100);

    for (size_t i = 0; i < 3; i++) {
        int n = snprintf(text, 100, "GET / HTTP/1.1\r\n" HOST "X-A: ");
        memset(text + n, 'a', sizes[i]);
        strcpy(text + n + sizes[i], "\r\n\r\n");
        refuses(*state, text, "[headers too large] headers of ");
    }
    free(text);
}

static void unknown_methods_are_refused_by_name(void **state)
{
    struct fixture *f = *state;

    refuses(f, "BREW /pot HTTP/1.1\r\n" HOST "\r\n",
            "[method unknown] the method \"BREW\"");
    answered(f, "BREW /pot ");
    refuses(f, "get / HTTP/1.1\r\n" HOST "\r\n", "[method unknown] the method \"get\"");
}

static void a_refused_request_has_nothing_of_the_one_before(void **state)
{
    struct fixture *f = *state;

    asks(f, "GET /secret?code=1 HTTP/1.1\r\n" HOST "\r\n\x01");
    answered(f, "GET /secret?code=1 ?code=1\n");
    answered(f, "[malformed] these bytes");
    answered(f, "\n  ?\nbody:\n");
    asks(f, "GET /secret?code=1 HTTP/1.1\r\n" HOST "\r\nBREW /pot?a=b HTTP/1.1\r\n\r\n");
    answered(f, "\nBREW /pot?a=b ?a=b\n");
}

static void other_first_lines_are_refused(void **state)
{
    refuses(*state, "GET / HTTP/2.0\r\n" HOST "\r\n", "[malformed] HTTP/2.0;");
    refuses(*state, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "[HTTP/2] the connection begins");
    refuses(*state, "GET /\r\n\r\n", "[malformed] the first line");
    refuses(*state, "GET path HTTP/1.1\r\n" HOST "\r\n",
            "[malformed] the target \"path\" is no path");
    refuses(*state, "GET / HTTP/1.1\r\n\r\n", "[malformed] no Host header");
}

static void garbage_is_refused(void **state)
{
    static const char nul[] = "GET / HTTP/1.1\r\nX: \0\r\n\r\n";
    struct fixture *f = *state;
    int fd = connected(f);

    refuses(f, "\x16\x03\x01\x02garbage\r\n\r\n",
            "[malformed] these bytes begin no HTTP request");
    says_bytes(fd, nul, sizeof(nul) - 1);
    hears_to_the_end(f, fd);
    answered(f, "[malformed]");
    fd = connected(f);
    says(fd, "GET / HT");
    shutdown(fd, SHUT_WR);
    hears_to_the_end(f, fd);
    answered(f, "[malformed] the connection ended inside the request's headers");
}

static void headers_that_never_end_are_refused(void **state)
{
    refuses(*state, "GET / HTTP/1.1\r\n" HOST, "did not end within 200 ms");
}

static const struct CMUnitTest tests[] = {
    TEST(doubtful_lengths_are_refused),
    TEST(bad_chunks_are_refused),
    TEST(lines_that_are_no_headers_are_refused),
    TEST(more_than_64_headers_are_refused),
    TEST(large_headers_are_refused),
    TEST(unknown_methods_are_refused_by_name),
    TEST(a_refused_request_has_nothing_of_the_one_before),
    TEST(other_first_lines_are_refused),
    TEST(garbage_is_refused),
    IMPATIENT(headers_that_never_end_are_refused),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
