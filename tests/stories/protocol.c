/* Families E and G: wrong addresses, wrong protocol, wrong payloads. */
#include <stdlib.h>
#include <string.h>

#include "http/request.h"
#include "stories/story.h"

#define BILLS "/ia/api/v1/objects/accounts-payable/bill"

STORY(unknown_path, "an unknown path gets 404 and is told the nearest real one")
{
    when_got(s, "/ia/api/v1/object/accounts-payable/vendor", NULL);
    then_status(s, 404);
    then_refused(s, CAUSE_PATH_UNKNOWN);
}

/* What base URL and path make together, where one has too much or too little. */
STORY(paths_put_together_wrongly,
      "a path put together wrongly is told the whole real one")
{
    static const char *const slips[][2] = {
        {"//ia/api/v1/oauth2/token", "is /ia/api/v1/oauth2/token"},
        {"//ia/api/v1/objects/accounts-payable/vendor/43",
         "is /ia/api/v1/objects/accounts-payable/vendor/43"},
        {"/ia/api/v1//objects/accounts-payable/vendor",
         "is /ia/api/v1/objects/accounts-payable/vendor"},
        {"/ia/api/v1/ia/api/v1/services/core/query", "is /ia/api/v1/services/core/query"},
        {"/objects/accounts-payable/vendor",
         "is /ia/api/v1/objects/accounts-payable/vendor"},
        {"/oauth2/token", "is /ia/api/v1/oauth2/token"},
        {"/v1/services/core/session/id", "is /ia/api/v1/services/core/session/id"},
        {"/ia/api/v1/object/accounts-payable/vendor",
         "is /ia/api/v1/objects/accounts-payable/vendor"},
        {"/ia/api/v1-beta2/objects/accounts-payable/vendor",
         "is /ia/api/v1/objects/accounts-payable/vendor"},
        {"/api/v2/Vendor", "is /api/v1/Vendor"},
    };
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        when_got(s, slips[i][0], NULL);
        then_status(s, 404);
        then_header_has(s, "X-Intacct-Mock-Evidence", slips[i][1]);
    }
    when_got(s, "/ia/api/v1/services/core/models", NULL);
    then_header_has(s, "X-Intacct-Mock-Evidence", "is /ia/api/v1/services/core/model");
    when_got(s, "/ia/api/v1/nowhere", NULL);
    then_header_has(s, "X-Intacct-Mock-Evidence", "nor a path like it");
    then_refused(s, CAUSE_PATH_UNKNOWN);
}

STORY(articles_typo, "the article's own mistyped path is told the right one")
{
    when_posted(s, "/identity/v2/oautha/token", CREDENTIALS);
    then_status(s, 404);
    then_header_has(s, "X-Intacct-Mock-Evidence", "/identity/v2/oauth");
    then_refused(s, CAUSE_PATH_UNKNOWN);
}

STORY(unknown_oauth_path, "an unknown path under oauth2 gets GW-0033")
{
    when_posted(s, "/ia/api/v1/oauth2/tokens", CREDENTIALS);
    then_json(s, "ia::error/code", "GW-0033");
    then_refused(s, CAUSE_TOKEN_ENDPOINT_UNKNOWN);
}

STORY(path_without_ia,
      "a path without its /ia, as Sage's own documentation once prints it, is told")
{
    when_posted(s, "/api/v1/oauth2/token", CREDENTIALS);
    then_status(s, 404);
    then_header_has(s, "X-Intacct-Mock-Evidence", TOKEN_PATH);
    then_refused(s, CAUSE_PATH_UNKNOWN);
}

STORY(token_in_the_wrong_field,
      "a token sent in the wrong field is not repeated to anybody")
{
    when_connected(s);
    const char *token = access_token(s);
    when_posted(s, TOKEN_PATH, text(s, "grant_type=%s&" DEMO, token));
    then_refused(s, CAUSE_GRANT_TYPE_UNSUPPORTED);
    when_controlled(s, "GET", "/requests", NULL);
    then_body_lacks(s, text(s, "%.60s", token));
}

STORY(get_on_token, "GET on the token endpoint gets 405 with Allow")
{
    when_got(s, TOKEN_PATH, NULL);
    then_status(s, 405);
    then_header_has(s, "Allow", "POST");
    then_refused(s, CAUSE_METHOD_NOT_ALLOWED);
}

STORY(text_body, "a body of another type gets 415")
{
    when_sent(s, "POST", TOKEN_PATH, "Content-Type: text/plain\n", "hello");
    then_status(s, 415);
    then_refused(s, CAUSE_CONTENT_TYPE_UNSUPPORTED);
}

STORY(compressed_body, "a compressed body gets 415, and the header is named")
{
    when_sent(s, "POST", TOKEN_PATH,
              "Content-Type: application/x-www-form-urlencoded\nContent-Encoding: gzip\n",
              "not looked at");
    then_status(s, 415);
    then_refused(s, CAUSE_CONTENT_ENCODING_UNSUPPORTED);
    then_header_has(s, "X-Intacct-Mock-Evidence", "Content-Encoding: gzip");
}

STORY(xml_body, "XML sent to REST gets GW-0014")
{
    when_sent(s, "POST", TOKEN_PATH, "Content-Type: application/xml\n", "<request/>");
    then_json(s, "ia::error/code", "GW-0014");
    then_refused(s, CAUSE_XML_SENT_TO_REST);
}

STORY(articles_client_secret, "the article's misspelled `client secret` is named")
{
    when_posted(s, ARTICLE_TOKEN_PATH,
                "grant_type=client_credentials&client_id=demo&client+secret=demo-secret"
                "&username=ws_user@acme");
    then_status(s, 401);
    then_header_has(s, "X-Intacct-Mock-Evidence", "client secret");
    then_refused(s, CAUSE_PARAMETER_MISSPELLED);
}

STORY(misspelled_refresh_token, "`refreshtoken` for refresh_token is named")
{
    when_posted(s, TOKEN_PATH, "grant_type=refresh_token&" DEMO "&refreshtoken=x");
    then_refused(s, CAUSE_PARAMETER_MISSPELLED);
}

STORY(misspelled_host, "a Host like api.intacct.con is told")
{
    when_sent(s, "POST", TOKEN_PATH,
              "Host: api.intacct.con\nContent-Type: application/x-www-form-urlencoded\n",
              CREDENTIALS);
    then_status(s, 200);
    then_warned(s, CAUSE_HOST_MISSPELLED);
}

STORY(authorize_unknown_client,
      "an unknown client at authorize gets a page, not a redirect")
{
    when_got(s,
             AUTHORIZE_PATH "?response_type=code&client_id=nobody&redirect_uri=" CALLBACK,
             NULL);
    then(s, !header_of(s, "Location"), "no redirect");
    then_header_has(s, "Content-Type", "text/html");
    then_refused(s, CAUSE_AUTHORIZE_CLIENT_UNKNOWN);
}

STORY(unregistered_redirect, "an unregistered redirect URI gets a page, not a redirect")
{
    when_got(s,
             AUTHORIZE_PATH
             "?response_type=code&client_id=demo&redirect_uri=https://evil.example",
             NULL);
    then(s, !header_of(s, "Location"), "no redirect");
    then_refused(s, CAUSE_REDIRECT_URI_UNREGISTERED);
}

STORY(redirect_missing, "an authorize request without redirect_uri gets a page")
{
    when_got(s, AUTHORIZE_PATH "?response_type=code&client_id=demo", NULL);
    then(s, !header_of(s, "Location"), "no redirect");
    then_refused(s, CAUSE_REDIRECT_URI_MISSING);
}

STORY(endless_nonce, "a nonce over 1 KiB is refused before there is a code")
{
    char nonce[1100];
    memset(nonce, 'n', sizeof(nonce) - 1);
    nonce[sizeof(nonce) - 1] = '\0';
    when_asked_to_authorize(s, text(s, "&scope=openid&nonce=%s", nonce));
    then(s, !header_of(s, "Location") || !strstr(header_of(s, "Location"), "code="),
         "there is no code");
    then_refused(s, CAUSE_REQUEST_TOO_LARGE);
}

STORY(response_type_token,
      "response_type=token is not supported: an error redirect says so")
{
    when_got(s,
             AUTHORIZE_PATH
             "?response_type=token&client_id=demo&state=x&redirect_uri=" CALLBACK,
             NULL);
    then_status(s, 302);
    then_header_has(s, "Location", "error=unsupported_response_type");
    then_refused(s, CAUSE_RESPONSE_TYPE_UNSUPPORTED);
}

STORY(no_state, "an authorize request without state works, with a warning")
{
    when_got(
        s,
        AUTHORIZE_PATH
        "?response_type=code&client_id=demo&mock_user=jdoe@acme&redirect_uri=" CALLBACK,
        NULL);
    then_status(s, 302);
    then_warned(s, CAUSE_STATE_MISSING);
}

STORY(hostile_input_on_a_page, "what is sent to authorize cannot become markup")
{
    when_got(s,
             AUTHORIZE_PATH
             "?response_type=code&client_id=%3Cscript%3Ealert(1)%3C/script%3E"
             "&redirect_uri=" CALLBACK,
             NULL);
    then_body_lacks(s, "<script");
}

/* ---- payloads of the API ---- */

STORY(unknown_object, "an unknown object gets 404")
{
    when_connected(s);
    when_got(s, "/ia/api/v1/objects/accounts-payable/vendors", access_token(s));
    then_status(s, 404);
    then_refused(s, CAUSE_OBJECT_UNKNOWN);
}

STORY(unknown_record, "an unknown key gets 404")
{
    when_connected(s);
    when_got(s, VENDORS "/999999", access_token(s));
    then_status(s, 404);
    then_refused(s, CAUSE_RECORD_NOT_FOUND);
}

STORY(no_payload, "a create without a payload gets REST-1028")
{
    when_connected(s);
    when_called(s, "POST", VENDORS, access_token(s), NULL);
    then_status(s, 400);
    then_body_has(s, "REST-1028");
    then_refused(s, CAUSE_API_PAYLOAD_MISSING);
}

STORY(broken_payload, "a create with broken JSON gets REST-1030")
{
    when_connected(s);
    when_called(s, "POST", VENDORS, access_token(s), "{\"id\":");
    then_status(s, 400);
    then_body_has(s, "REST-1030");
    then_refused(s, CAUSE_API_PAYLOAD_MALFORMED);
}

STORY(unknown_field, "a create with an unknown field gets REST-1043")
{
    when_connected(s);
    when_called(s, "POST", VENDORS, access_token(s),
                "{\"id\":\"V-1\",\"name\":\"x\",\"colour\":\"blue\"}");
    then_body_has(s, "REST-1043");
    then_refused(s, CAUSE_FIELD_INVALID);
}

STORY(read_only_field, "a change of a read-only field gets REST-1050")
{
    when_connected(s);
    const char *token = access_token(s);
    when_called(s, "POST", VENDORS, token, "{\"id\":\"V-1\",\"name\":\"x\"}");
    when_called(s, "PATCH", text(s, VENDORS "/%s", json_of(s, "ia::result/key")), token,
                "{\"key\":\"7\"}");
    then_body_has(s, "REST-1050");
    then_refused(s, CAUSE_FIELD_READ_ONLY);
}

STORY(missing_field, "a create without a required field is told which")
{
    when_connected(s);
    when_called(s, "POST", VENDORS, access_token(s), "{\"id\":\"V-1\"}");
    then_refused(s, CAUSE_FIELD_MISSING);
}

STORY(wrong_type, "a field of the wrong type is told")
{
    when_connected(s);
    when_called(s, "POST", VENDORS, access_token(s), "{\"id\":\"V-1\",\"name\":[1]}");
    then_refused(s, CAUSE_FIELD_TYPE_WRONG);
}

STORY(wrong_query, "a query for an unknown field gets REST-1106")
{
    when_connected(s);
    when_called(s, "POST", "/ia/api/v1/services/core/query", access_token(s),
                "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"colour\"]}");
    then_refused(s, CAUSE_QUERY_INVALID);
}

STORY(query_key_unknown, "a member that a query does not know is named")
{
    when_connected(s);
    when_called(s, "POST", "/ia/api/v1/services/core/query", access_token(s),
                "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"id\"],"
                "\"includePrivate\":true}");
    then_json(s, "ia::result/ia::error/message",
              "Unrecognized key includePrivate in query payload");
    then_refused(s, CAUSE_QUERY_KEY_UNKNOWN);
}

STORY(query_key_missing, "a query without fields is told what it lacks")
{
    when_connected(s);
    when_called(s, "POST", "/ia/api/v1/services/core/query", access_token(s),
                "{\"object\":\"accounts-payable/vendor\"}");
    then_json(s, "ia::result/ia::error/message",
              "Missing required key fields in query payload");
    then_refused(s, CAUSE_QUERY_KEY_MISSING);
}

STORY(query_size, "a page of more than 4000 rows is refused by its member")
{
    when_connected(s);
    when_called(s, "POST", "/ia/api/v1/services/core/query", access_token(s),
                "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"id\"],"
                "\"size\":4001}");
    then_json(s, "ia::result/ia::error/message", "Invalid value for size in query");
    then_refused(s, CAUSE_QUERY_VALUE_INVALID);
}

STORY(query_nulls, "null in a query is as good as absent")
{
    when_connected(s);
    when_called(s, "POST", "/ia/api/v1/services/core/query", access_token(s),
                "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"id\"],"
                "\"filters\":null,\"filterExpression\":null,\"filterParameters\":"
                "null,\"orderBy\":null,\"start\":null,\"size\":null}");
    then_json(s, "ia::meta/totalCount", "5");
    then_fine(s);
}

STORY(duplicate_record, "a second record with the same id gets 409")
{
    when_connected(s);
    const char *token = access_token(s);
    when_called(s, "POST", VENDORS, token, "{\"id\":\"V-1\",\"name\":\"x\"}");
    when_called(s, "POST", VENDORS, token, "{\"id\":\"V-1\",\"name\":\"x\"}");
    then_status(s, 409);
    then_refused(s, CAUSE_RECORD_DUPLICATE);
}

STORY(lost_create, "a create repeated with its Idempotency-Key is the same record")
{
    when_connected(s);
    const char *headers =
        text(s, "Authorization: Bearer %s\nIdempotency-Key: k1\n", access_token(s));
    when_sent(s, "POST", VENDORS, headers, "{\"id\":\"V-1\",\"name\":\"x\"}");
    then_status(s, 201);
    const char *key = json_of(s, "ia::result/key");
    when_sent(s, "POST", VENDORS, headers, "{\"id\":\"V-1\",\"name\":\"x\"}");
    then_status(s, 201);
    then_json(s, "ia::result/key", key);
    when_sent(s, "POST", VENDORS, headers, "{\"id\":\"V-2\",\"name\":\"x\"}");
    then_status(s, 409);
    then_refused(s, CAUSE_IDEMPOTENCY_KEY_REUSED);
}

STORY(lost_change,
      "a change repeated with its Idempotency-Key is answered and not made again")
{
    when_connected(s);
    const char *bearer = text(s, "Authorization: Bearer %s\n", access_token(s));
    const char *headers = text(s, "%sIdempotency-Key: k1\n", bearer);
    when_sent(s, "POST", VENDORS, bearer, "{\"id\":\"V-1\",\"name\":\"x\"}");
    const char *one = text(s, VENDORS "/%s", json_of(s, "ia::result/key"));
    when_sent(s, "PATCH", one, headers, "{\"name\":\"first\"}");
    then_status(s, 200);
    when_sent(s, "PATCH", one, bearer, "{\"name\":\"second\"}");
    then_status(s, 200);
    when_sent(s, "PATCH", one, headers, "{\"name\":\"first\"}");
    then_status(s, 200);
    when_sent(s, "GET", one, bearer, NULL);
    then_json(s, "ia::result/name", "second");
    when_sent(s, "PATCH", one, headers, "{\"name\":\"third\"}");
    then_status(s, 409);
    when_sent(s, "POST", VENDORS, headers, "{\"id\":\"V-2\",\"name\":\"x\"}");
    then_status(s, 409);
    then_refused(s, CAUSE_IDEMPOTENCY_KEY_REUSED);
}

STORY(empty_batch, "a batch without items is refused as one")
{
    when_connected(s);
    when_sent(s, "POST", VENDORS, text(s, "Authorization: Bearer %s\n", access_token(s)),
              "[]");
    then_status(s, 400);
    then_header_has(s, "X-Intacct-Mock-Evidence", "batch");
    then_refused(s, CAUSE_API_PAYLOAD_MALFORMED);
}

STORY(batch_as_a_transaction,
      "a batch that is a transaction creates all of its items or none")
{
    when_connected(s);
    const char *bearer = text(s, "Authorization: Bearer %s\n", access_token(s));
    const char *atomic = text(s, "%sX-IA-API-Param-Transaction: true\n", bearer);
    when_sent(s, "POST", VENDORS, atomic,
              "[{\"id\":\"V-1\",\"name\":\"x\"},{\"id\":\"V-1\",\"name\":\"y\"}]");
    then_status(s, 409);
    then_header_has(s, "X-Intacct-Mock-Note", "item 2");
    then_refused(s, CAUSE_RECORD_DUPLICATE);
    when_sent(s, "POST", VENDORS, atomic,
              "[{\"id\":\"V-1\",\"name\":\"x\"},{\"id\":\"V-2\",\"name\":\"y\"}]");
    then_status(s, 201);
    then_json(s, "ia::meta/totalSuccess", "2");
    when_sent(s, "POST", VENDORS, bearer,
              "[{\"id\":\"V-3\",\"name\":\"x\"},{\"id\":\"V-1\",\"name\":\"y\"}]");
    then_status(s, 207);
}

/* With one Idempotency-Key: what was refused may be mended, and what was made is not made again. */
STORY(transaction_repeated,
      "a transaction that was refused leaves no trace, and one that was not is repeated")
{
    when_connected(s);
    const char *atomic = text(s,
                              "Authorization: Bearer %s\nIdempotency-Key: k1\n"
                              "X-IA-API-Param-Transaction: true\n",
                              access_token(s));
    when_sent(s, "POST", VENDORS, atomic,
              "[{\"id\":\"V-1\",\"name\":\"x\"},{\"id\":\"V-1\",\"name\":\"y\"}]");
    then_refused(s, CAUSE_RECORD_DUPLICATE);
    static const char mended[] =
        "[{\"id\":\"V-1\",\"name\":\"x\"},{\"id\":\"V-2\",\"name\":\"y\"}]";
    when_sent(s, "POST", VENDORS, atomic, mended);
    then_status(s, 201);
    const char *key = json_of(s, "ia::result/0/key");
    when_sent(s, "POST", VENDORS, atomic, mended);
    then_status(s, 201);
    then_json(s, "ia::result/0/key", key);
}

STORY(unknown_reference, "a bill for a vendor that does not exist is refused")
{
    when_connected(s);
    when_called(s, "POST", BILLS, access_token(s),
                "{\"vendor\":{\"id\":\"V-none\"},\"createdDate\":\"2026-01-01\","
                "\"dueDate\":\"2026-02-01\"}");
    then_status(s, 422);
    then_refused(s, CAUSE_REFERENCE_UNKNOWN);
}

STORY(record_in_use, "a vendor that has bills cannot be deleted")
{
    when_connected(s);
    const char *token = access_token(s);
    when_called(s, "POST", BILLS, token,
                "{\"vendor\":{\"key\":\"44\"},\"createdDate\":\"2026-01-01\","
                "\"dueDate\":\"2026-02-01\"}");
    then_status(s, 201);
    when_called(s, "DELETE", VENDORS "/44", token, NULL);
    then_refused(s, CAUSE_RECORD_IN_USE);
}

STORY(full_store, "the set of objects is bounded, and says so")
{
    when_connected(s);
    const char *token = access_token(s);
    for (int i = 0; i < 10001 && status_of(s) / 100 == 2; i++)
        when_called(s, "POST", VENDORS, token,
                    text(s, "{\"id\":\"F-%d\",\"name\":\"x\"}", i));
    then_refused(s, CAUSE_STORE_FULL);
}

STORY(large_body, "a body over 1 MiB gets 413")
{
    char *body = malloc(IM_BODY_MAX + 2);
    memset(body, 'x', IM_BODY_MAX + 1);
    body[IM_BODY_MAX + 1] = '\0';
    when_posted(s, TOKEN_PATH, body);
    free(body);
    then_status(s, 413);
    then_refused(s, CAUSE_REQUEST_TOO_LARGE);
}

STORIES(protocol) = {
    &story_unknown_path,
    &story_paths_put_together_wrongly,
    &story_articles_typo,
    &story_unknown_oauth_path,
    &story_path_without_ia,
    &story_token_in_the_wrong_field,
    &story_get_on_token,
    &story_text_body,
    &story_compressed_body,
    &story_xml_body,
    &story_articles_client_secret,
    &story_misspelled_refresh_token,
    &story_misspelled_host,
    &story_authorize_unknown_client,
    &story_unregistered_redirect,
    &story_redirect_missing,
    &story_endless_nonce,
    &story_response_type_token,
    &story_no_state,
    &story_hostile_input_on_a_page,
    &story_unknown_object,
    &story_unknown_record,
    &story_no_payload,
    &story_broken_payload,
    &story_unknown_field,
    &story_read_only_field,
    &story_missing_field,
    &story_wrong_type,
    &story_wrong_query,
    &story_query_key_unknown,
    &story_query_key_missing,
    &story_query_size,
    &story_query_nulls,
    &story_duplicate_record,
    &story_lost_create,
    &story_lost_change,
    &story_empty_batch,
    &story_batch_as_a_transaction,
    &story_transaction_repeated,
    &story_unknown_reference,
    &story_record_in_use,
    &story_full_store,
    &story_large_body,
    NULL,
};
