/* Two servers in one program: what happens to one does not happen to the other. */
#include <intacct_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An access token of this mock, past every rule. */
static char *token_of(struct im_server *mock)
{
    char error[IM_ERROR_MAX];
    char *json = im_mint(mock, NULL, NULL, error, sizeof(error));
    char *token = malloc(1024);

    if (!json || !token ||
        sscanf(strstr(json, "\"access_token\""), "\"access_token\":\"%1023[^\"]",
               token) != 1) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
    im_free(json);
    return token;
}

static int vendors(struct im_server *mock, const char *token)
{
    char headers[1100];
    struct im_message message = {.method = "GET",
                                 .target = "/ia/api/v1/objects/accounts-payable/vendor",
                                 .headers = headers};
    struct im_reply reply;

    snprintf(headers, sizeof(headers), "Authorization: Bearer %s\n", token);
    int status = im_handle(mock, &message, &reply) == 0 ? reply.status : 0;
    im_reply_release(&reply);
    return status;
}

int main(void)
{
    struct im_options production = {.scenario = "happy-path", .seed = 1};
    struct im_options broken = {.scenario = "web-services-off", .seed = 2};
    struct im_server *one = im_start(&production, NULL, 0);
    struct im_server *two = im_start(&broken, NULL, 0);

    if (!one || !two || strcmp(im_http_url(one), im_http_url(two)) == 0)
        return 1;
    char *first = token_of(one), *second = token_of(two);
    int at_home = vendors(one, first), abroad = vendors(one, second);
    im_expire(two, NULL, NULL, NULL, 0);
    int still = vendors(one, first);
    im_stop(two);
    int alone = vendors(one, first);
    printf("at home %d, abroad %d, the other expired %d, the other gone %d\n", at_home,
           abroad, still, alone);
    free(first);
    free(second);
    im_stop(one);
    return at_home == 200 && abroad >= 400 && still == 200 && alone == 200 ? 0 : 1;
}
