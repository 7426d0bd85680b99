/* The vocabulary of the stories. A story is a true sentence and at most fifteen lines that prove
 * it; it is told in process (no socket), over HTTP and over HTTPS. Each begins with the sandbox as
 * freshly made, the clock frozen at 2026-01-01T00:00:00Z and a fixed seed.
 *
 *     STORY(refresh_token_is_single_use, "a refresh token works once; the second use is named")
 *     {
 *         when_authorized(s, "offline_access");
 *         const char *token = refresh_token(s);
 *         when_refreshed_with(s, token);
 *         then_status(s, 200);
 *         when_refreshed_with(s, token);
 *         then_refused(s, CAUSE_REFRESH_TOKEN_REUSED);
 *     }
 *
 * What is wrong ends the story at once, with the exchange that shows it. */
#ifndef STORIES_STORY_H
#define STORIES_STORY_H

#include "base/json.h"
#include "causes/cause.h"
#include "stories/transport.h"

struct story;

struct story_entry {
    const char *name, *title;
    void (*tell)(struct story *s);
};

#define STORY(id, title)                                                                 \
    static void id(struct story *s);                                                     \
    static const struct story_entry story_##id = {#id, title, id};                       \
    static void id(struct story *s)

/* Each file ends with its list: STORIES(refresh) = {&story_a, &story_b, NULL}; main.c names it. */
#define STORIES(file) const struct story_entry *const stories_##file[]

#define TOKEN_PATH         "/ia/api/v1/oauth2/token"
#define AUTHORIZE_PATH     "/ia/api/v1/oauth2/authorize"
#define REVOKE_PATH        "/ia/api/v1/oauth2/revoke"
#define INTROSPECT_PATH    "/ia/api/v1/oauth2/introspect"
#define VENDORS            "/ia/api/v1/objects/accounts-payable/vendor"
#define ARTICLE_TOKEN_PATH "/identity/v2/oauth2/token"
#define ARTICLE_VENDORS    "/api/v1/Vendor"
#define CALLBACK           "http://127.0.0.1/callback"
#define DEMO               "client_id=demo&client_secret=demo-secret"
#define CREDENTIALS        "grant_type=client_credentials&" DEMO "&username=ws_user@acme"

/* ---- the world before and meanwhile: the control API ---- */

/* From here on the base URL is that of this sandbox; "default" is where each story begins. */
void given_sandbox(struct story *s, const char *name);
/* The same in a fresh sandbox that follows this scenario: its members without the braces, e.g.
 * "'rules':[{'then':{'wire':'drop'}}]"; ' stands for ". Its clock begins where the story's does. */
void given_scenario(struct story *s, const char *members);
const char *sandbox_of(struct story *s);
/* PATCH …/policy, e.g. "{\"rotation\":\"keep\"}". */
void given_policy(struct story *s, const char *json);
/* Any effect: POST …/world, e.g. "{\"do\":\"lock-user\",\"user\":\"jdoe@acme\"}". */
void given_world(struct story *s, const char *json);
void when_time_passes(struct story *s, const char *duration);
/* Any control call below /__mock/sandboxes/NAME, NAME being where the story is; must answer 2xx.
 * json NULL = none. */
void when_controlled(struct story *s, const char *method, const char *path,
                     const char *json);
/* Any control call below /__mock, whatever it answers. */
void when_control_called(struct story *s, const char *method, const char *path,
                         const char *json);

/* ---- what the integration does; the answer is then the story's last answer ---- */

/* One request as it is. headers: "Name: value\n" lines or NULL; body NULL = none. */
void when_sent(struct story *s, const char *method, const char *path, const char *headers,
               const char *body);
void when_posted(struct story *s, const char *path, const char *form);
void when_posted_json(struct story *s, const char *path, const char *json);
void when_got(struct story *s, const char *path,
              const char *bearer); /* bearer NULL = none */
/* As when_sent, with Authorization: Bearer and a JSON body. */
void when_called(struct story *s, const char *method, const char *path,
                 const char *bearer, const char *json);
/* Client credentials as ws_user@acme. */
void when_connected(struct story *s);
void when_connected_in_article(struct story *s);
/* Authorize as jdoe@acme by mock_user with these scopes, PKCE off, and exchange the code. */
void when_authorized(struct story *s, const char *scope);
/* Only the first half: the authorize request with more parameters ("" or "&x=y"). */
void when_asked_to_authorize(struct story *s, const char *more);
/* Exchange this code as demo, with more parameters. */
void when_code_is_exchanged(struct story *s, const char *code, const char *more);
void when_refreshed_with(struct story *s, const char *refresh_token);

/* The same refresh n times at once; returns how many were answered 200. */
int when_refreshed_in_parallel(struct story *s, const char *refresh_token, int n);
/* The same, where a scenario holds them: once all n are held they are released. */
int when_refreshed_while_held(struct story *s, const char *refresh_token, int n);

/* The next answer, and no other, is lost on its way just so. */
void expecting_loss(struct story *s, enum lost how);

/* ---- what came of it ---- */

const char *access_token(
    struct story *s); /* of the last answer; the story fails without one */
const char *refresh_token(struct story *s);
const char *code(struct story *s); /* of the last answer's Location */
int status_of(struct story *s);
int64_t took_ms(struct story *s); /* real time from sending to the answer */
const char *body_of(struct story *s);
const char *header_of(struct story *s, const char *name); /* NULL when absent */
/* Text at a path such as "ia::error/code" or "items/0/id"; numbers and booleans as written;
 * NULL when it is not there. */
const char *json_of(struct story *s, const char *path);

void then_status(struct story *s, int status);
/* Refused for this cause: the hint header says so, and the journal's newest exchange holds the
 * same cause with evidence. */
void then_refused(struct story *s, enum im_cause cause);
/* Some exchange since the last reset was refused for it, with evidence. */
bool was_refused(struct story *s, enum im_cause cause);
/* Not refused for it, but warned of it, in the journal and the hint header. */
void then_warned(struct story *s, enum im_cause cause);
void then_fine(struct story *s); /* 2xx, no cause */
void then_json(struct story *s, const char *path, const char *text);
void then_body_is(struct story *s, const char *body);
void then_body_has(struct story *s, const char *text);
void then_body_lacks(struct story *s, const char *text);
void then_header_has(struct story *s, const char *name, const char *text);
/* Any other expectation. */
void then(struct story *s, bool holds, const char *what, ...) IM_PRINTF(3, 4);

/* GET …/verdict as this media type. */
void when_judged(struct story *s, const char *type);
/* The verdict's outcome, and that of its first expectation. */
void then_verdict(struct story *s, const char *outcome);

/* Formatted text that lives as long as the story. */
const char *text(struct story *s, const char *format, ...) IM_PRINTF(2, 3);

#endif
