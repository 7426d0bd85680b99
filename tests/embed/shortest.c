/* The shortest program: start, get a token, expire it, refresh it, stop. */
#include <intacct_mock.h>
#include <stdio.h>
#include <string.h>

static int ask(struct im_server *mock, const char *form, char *refresh_token)
{
    struct im_message message = {"POST", "/ia/api/v1/oauth2/token",
                                 "Content-Type: application/x-www-form-urlencoded", form,
                                 strlen(form)};
    struct im_reply reply;
    int status = im_handle(mock, &message, &reply) == 0 ? reply.status : 0;
    const char *found = status == 200 ? strstr(reply.body, "\"refresh_token\":\"") : NULL;
    if (found)
        sscanf(found, "\"refresh_token\":\"%511[^\"]", refresh_token);
    im_reply_release(&reply);
    return status;
}

int main(void)
{
    struct im_server *mock = im_start(NULL, NULL, 0);
    struct im_which access = {.kind = "access"};
    char refresh_token[512] = "", form[1024];
    int first = ask(mock,
                    "grant_type=client_credentials&client_id=demo&client_secret="
                    "demo-secret&username=ws_user@acme",
                    refresh_token);
    long expired = im_expire(mock, NULL, &access, NULL, 0);

    snprintf(form, sizeof(form),
             "grant_type=refresh_token&client_id=demo&client_secret="
             "demo-secret&refresh_token=%s",
             refresh_token);
    int second = ask(mock, form, refresh_token);
    printf("token %d, expired %ld, refreshed %d\n", first, expired, second);
    im_stop(mock);
    return first == 200 && expired == 1 && second == 200 ? 0 : 1;
}
