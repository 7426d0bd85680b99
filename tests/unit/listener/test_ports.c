/* ports.c: the addresses and ports that are listened on, and what is said when one cannot be had. */
#include "listening.h"

static void a_taken_port_is_named(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    struct im_error err = {.text = ""};
    char expected[400];

    options.http_port = f->port;
    assert_null(im_listener_start(&options, &err));
    snprintf(expected, sizeof(expected),
             "listening on 127.0.0.1:%d: address already in use (`ss -ltnp 'sport = "
             ":%d'` shows by whom); stop the other program or choose another port with "
             "--port (0 = any free one)",
             f->port, f->port);
    assert_string_equal(err.text, expected);
}

static void an_address_that_is_none_is_named(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    struct im_error err = {.text = ""};

    options.bind = "my.host";
    assert_null(im_listener_start(&options, &err));
    assert_non_null(strstr(err.text, "listening on my.host: not an IP address"));
    options.bind = "203.0.113.7";
    assert_null(im_listener_start(&options, &err));
    assert_non_null(strstr(err.text, "this machine does not have that address"));
}

static void all_addresses_may_be_listened_on(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);

    options.bind = "0.0.0.0, ::";
    listens(f, &options);
    assert_true(im_str_starts(im_listener_http_url(f->listener), "http://127.0.0.1:"));
    asks(f, "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "at http://127.0.0.1:");
}

static void ports_that_are_off_have_no_url(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(im_listener_https_url(f->listener).len, 0);
    assert_int_equal(im_listener_control_url(f->listener).len, 0);
}

static void the_control_port_is_its_own(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);

    options.control_port = 0;
    listens(f, &options);
    int fd = connect_to("127.0.0.1", f->control_port);
    says(fd, "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
    hears_to_the_end(f, fd);
    answered(f, " control\n");
    asks(f, "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
    assert_null(strstr(f->answer, "control"));
}

static const struct CMUnitTest tests[] = {
    TEST(a_taken_port_is_named),
    BARE(an_address_that_is_none_is_named),
    BARE(all_addresses_may_be_listened_on),
    TEST(ports_that_are_off_have_no_url),
    BARE(the_control_port_is_its_own),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
