/* Time belongs to the test: it starts where the test says, stands still, and moves when told to. */
#include <intacct_mock.h>
#include <stdio.h>
#include <string.h>

enum { HOUR_MS = 3600 * 1000 };

static const int64_t NEW_YEAR_MS = INT64_C(1798761600000); /* 2027-01-01T00:00:00Z */

/* The status of a call with this token, and the Date it was answered with. */
static int call(struct im_server *mock, const char *token, char date[40])
{
    char headers[1100];
    struct im_message message = {.method = "GET",
                                 .target = "/ia/api/v1/objects/accounts-payable/vendor",
                                 .headers = headers};
    struct im_reply reply;

    snprintf(headers, sizeof(headers), "Authorization: Bearer %s\n", token);
    if (im_handle(mock, &message, &reply) != 0)
        return 0;
    int status = reply.status;
    sscanf(strstr(reply.headers, "Date: "), "Date: %39[^\n]", date);
    im_reply_release(&reply);
    return status;
}

int main(void)
{
    struct im_options options = {.start_ms = NEW_YEAR_MS};
    struct im_token_order an_hour = {.ttl_ms = HOUR_MS};
    char error[IM_ERROR_MAX], token[1024] = "", before[40] = "", after[40] = "";
    struct im_server *mock = im_start(&options, error, sizeof(error));

    if (!mock || im_set_clock(mock, NULL, NEW_YEAR_MS, 1, error, sizeof(error)) != 0)
        return fprintf(stderr, "%s\n", error), 1;
    char *json = im_mint(mock, NULL, &an_hour, error, sizeof(error));
    if (json)
        sscanf(strstr(json, "\"access_token\""), "\"access_token\":\"%1023[^\"]", token);
    im_free(json);

    int good = call(mock, token, before);
    im_advance_clock(mock, NULL, HOUR_MS, error, sizeof(error));
    int late = call(mock, token, after);
    im_advance_clock(mock, NULL, -HOUR_MS, error, sizeof(error));
    int again = call(mock, token, before);
    printf("%s: %d\n%s: %d\nand back: %d\n", before, good, after, late, again);
    im_stop(mock);
    return good == 200 && late == 401 && again == 200 &&
                   strcmp(before, "Fri, 01 Jan 2027 00:00:00 GMT") == 0 &&
                   strcmp(after, "Fri, 01 Jan 2027 01:00:00 GMT") == 0
               ? 0
               : 1;
}
