/* The two pages of the authorization endpoint (RFC 6749 section 3.1), sign-in and consent. Their forms hold the
 * whole authorization request in hidden inputs, since the server keeps nothing between
 * them. */
#include "endpoints/authorize_page.h"

#include <string.h>

#include "directory/account.h"
#include "endpoints/consent_ticket.h"
#include "http/html.h"

/* ---- small pieces ---- */

static void form_add_hidden(struct im_buf *buf, struct im_str name, struct im_str value)
{
    im_buf_addz(buf, "<input type=\"hidden\" name=\"");
    im_buf_add_html(buf, name);
    im_buf_addz(buf, "\" value=\"");
    im_buf_add_html(buf, value);
    im_buf_addz(buf, "\">\n");
}

/* The address is relative, so that it holds also behind a proxy that serves the page below another path.
 * It is the last part of the path, and not the shorter "?", of which not every library makes the page
 * without its query (Python's urljoin keeps it). */
static void form_begin(const struct im_authorize *ask, struct im_buf *buf,
                       const char *class)
{
    struct im_str path = ask->req->path;
    size_t at = path.len;

    while (at && path.at[at - 1] != '/')
        at--;
    im_buf_addz(buf, "<form method=\"post\" action=\"");
    im_buf_add_html(buf, im_str_slice(path, at, path.len));
    im_buf_addf(buf, "\" class=\"%s\">\n", class);
    for (size_t i = 0; i < ask->params.count; i++)
        if (!im_field_is_ours(ask->params.items[i].name))
            form_add_hidden(buf, ask->params.items[i].name, ask->params.items[i].value);
}

static void page_add_element(struct im_buf *buf, const char *element, struct im_str text)
{
    im_buf_addf(buf, "<%s>", element);
    im_buf_add_html(buf, text);
    im_buf_addf(buf, "</%s>", element);
}

/* What people know the application by; beside it the id, which is what somebody configured. */
static void page_add_application(const struct im_authorize *ask, struct im_buf *buf)
{
    const struct im_client *client = &ask->client;

    page_add_element(buf, "strong", client->name.len ? client->name : client->id);
    if (!client->name.len)
        return;
    im_buf_addz(buf, " (");
    page_add_element(buf, "code", client->id);
    im_buf_addz(buf, ")");
}

/* ---- sign-in ---- */

struct complaint {
    enum im_cause cause;
    const char *field; /* the input to look at; NULL = none of them */
    const char *sentence;
};

/* With the input that is wrong, so that the page can mark it (WCAG 2.2, 3.3.1). The last row
 * is for any other cause. */
static const struct complaint complaints[] = {
    {CAUSE_COMPANY_UNKNOWN, IM_FIELD_COMPANY_ID, "There is no company with this ID."},
    {CAUSE_COMPANY_INACTIVE, IM_FIELD_COMPANY_ID, "This company is inactive."},
    {CAUSE_USER_UNKNOWN, IM_FIELD_USER_ID, "This company has no user with this ID."},
    {CAUSE_USER_WRONG_CASE, IM_FIELD_USER_ID,
     "The user ID differs in capital and small letters from the one we know."},
    {CAUSE_USER_INACTIVE, IM_FIELD_USER_ID, "This user is inactive."},
    {CAUSE_USER_LOCKED, IM_FIELD_USER_ID, "This user is locked."},
    {CAUSE_PASSWORD_WRONG, IM_FIELD_PASSWORD, "The password is wrong."},
    {CAUSE_PASSWORD_EXPIRED, IM_FIELD_PASSWORD,
     "The password has expired: it must be changed first."},
    {CAUSE_SESSION_EXPIRED, NULL,
     "You were signed in too long ago. Please sign in again."},
    {CAUSE_NONE, NULL, "That did not work. Please sign in again."},
};

static const struct complaint *complaint_find(enum im_cause cause)
{
    const struct complaint *complaint = complaints;
    while (complaint->cause && complaint->cause != cause)
        complaint++;
    return complaint;
}

struct page_input {
    const char *name, *label, *attributes;
};

/* Ids are case-sensitive, and a telephone would begin them with a capital. */
static const struct page_input inputs[] = {
    {IM_FIELD_COMPANY_ID, "Company ID",
     "autocomplete=\"organization\" autocapitalize=\"none\" spellcheck=\"false\""},
    {IM_FIELD_USER_ID, "User ID",
     "autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\""},
    {IM_FIELD_PASSWORD, "Password",
     "type=\"password\" autocomplete=\"current-password\""},
};

static void form_add_input(const struct im_authorize *ask, struct im_buf *buf,
                           const struct page_input *input,
                           const struct complaint *complaint)
{
    im_buf_addf(buf,
                "<label for=\"%s\">%s</label>\n<input id=\"%s\" name=\"%s\" %s required",
                input->name, input->label, input->name, input->name, input->attributes);
    const char *looked_at = complaint ? complaint->field : NULL;
    if (looked_at && strcmp(looked_at, input->name) == 0)
        im_buf_addz(buf, " aria-invalid=\"true\" aria-describedby=\"error\" autofocus");
    else if (!looked_at && input == inputs)
        im_buf_addz(buf, " autofocus");
    /* what was typed is kept, but for the password, which must not stand in a page */
    if (strcmp(input->name, IM_FIELD_PASSWORD) != 0) {
        im_buf_addz(buf, " value=\"");
        im_buf_add_html(buf, im_authorize_param(ask, input->name));
        im_buf_addc(buf, '"');
    }
    im_buf_addz(buf, ">\n");
}

enum { PEOPLE_MAX = 6 }; /* a scenario's world may have thousands */

/* A form of its own: Enter in the fields above must not press one of these buttons. */
static void page_add_clicks(const struct im_authorize *ask, struct im_buf *buf)
{
    size_t count;
    const struct im_user *people =
        im_directory_people(ask->authority->directory, ask->req->arena, &count);

    if (!count)
        return;
    form_begin(ask, buf, "people");
    im_buf_addz(buf, "<p class=\"soft\">This is a mock: sign in by a click, or type the "
                     "password, which is <code>secret</code> unless a scenario says "
                     "otherwise.</p>\n");
    for (size_t i = 0; i < count && i < PEOPLE_MAX; i++) {
        struct im_str account =
            im_account_text(ask->req->arena, people[i].id, people[i].company);
        im_buf_addz(buf,
                    "<button class=\"second\" name=\"" IM_FIELD_PERSON "\" value=\"");
        im_buf_add_html(buf, account);
        im_buf_addz(buf, "\">");
        im_buf_add_html(buf, people[i].name);
        im_buf_addc(buf, ' ');
        page_add_element(buf, "small", account);
        im_buf_addz(buf, "</button>\n");
    }
    im_buf_addz(buf, "</form>\n");
}

void im_page_sign_in(const struct im_authorize *ask, struct im_response *res, int status,
                     enum im_cause cause)
{
    const struct complaint *complaint = cause ? complaint_find(cause) : NULL;
    struct im_buf *buf = im_html_begin(res, status, IM_STR("Sign in"));
    im_buf_addz(buf, "<p>to connect ");
    page_add_application(ask, buf);
    im_buf_addz(buf, " with your company.</p>\n");
    if (complaint) {
        im_buf_addz(buf, "<p class=\"error\" role=\"alert\" id=\"error\">");
        im_buf_addf(buf, "%s</p>\n", complaint->sentence);
    }
    form_begin(ask, buf, "sign-in");
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        form_add_input(ask, buf, &inputs[i], complaint);
    im_buf_addz(buf, "<button>Sign in</button>\n</form>\n");
    page_add_clicks(ask, buf);
    im_html_end(res);
}

/* ---- consent ---- */

static const char *scope_meaning(struct im_str scope)
{
    static const struct {
        const char *scope, *words;
    } known[] = {
        {"offline_access", "Stay connected when you are not there"},
        {"openid", "Know who you are"},
        {"sage/ai-agents", "Work through Sage's AI agents"},
        {"token-exchange", "Exchange its tokens for those of other services"},
        {"full_access", "Read and change all data that you can"},
        {"readonly", "Read all data that you can"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (im_str_is(scope, known[i].scope))
            return known[i].words;
    return NULL;
}

/* "Vendor:write" and its like: what may be done to what */
static const char *scope_verb(struct im_str right)
{
    if (im_str_is(right, "read"))
        return "Read";
    if (im_str_is(right, "rw") || im_str_is(right, "write"))
        return "Read and change";
    return im_str_is(right, "action") ? "Act on" : NULL;
}

static void page_add_scope(struct im_buf *buf, struct im_str scope)
{
    struct im_str right = scope, object = im_str_cut(&right, ':');
    const char *words = scope_meaning(scope), *verb = scope_verb(right);
    im_buf_addz(buf, "<li>");
    if (words) {
        im_buf_addf(buf, "%s ", words);
    } else if (verb) {
        im_buf_addf(buf, "%s ", verb);
        im_buf_add_html(buf,
                        im_str_is(object, "full_access") ? IM_STR("all data") : object);
        im_buf_addc(buf, ' ');
    }
    page_add_element(buf, "code", scope);
    im_buf_addz(buf, "</li>\n");
}

static void page_add_scopes(const struct im_authorize *ask, struct im_buf *buf)
{
    struct im_str rest = ask->scopes;
    im_buf_addz(buf, "<ul>\n");
    /* the REST API knows no scopes for data: the user's own permissions are the limit */
    if (ask->dialect->id == IM_DIALECT_REST)
        im_buf_addz(buf, "<li>Do in your name what your roles permit</li>\n");
    while (rest.len) {
        struct im_str scope = im_str_cut(&rest, ' ');
        if (scope.len)
            page_add_scope(buf, scope);
    }
    im_buf_addz(buf, "</ul>\n");
}

static void page_add_people(const struct im_authorize *ask, struct im_buf *buf,
                            const struct im_consent *consent)
{
    im_buf_addz(buf, "<p>");
    page_add_application(ask, buf);
    im_buf_addz(buf, " asks to work with ");
    page_add_element(buf, "strong", consent->company->title);
    im_buf_addz(buf, " (");
    page_add_element(buf, "code", consent->company->id);
    im_buf_addz(buf, ") as ");
    page_add_element(buf, "strong", consent->user->name);
    im_buf_addz(buf, " (");
    page_add_element(buf, "code", consent->user->id);
    im_buf_addz(buf, "). It would be able to:</p>\n");
}

void im_page_consent(const struct im_authorize *ask, struct im_response *res,
                     const struct im_consent *consent)
{
    struct im_buf *buf = im_html_begin(res, 200, IM_STR("Allow access?"));
    page_add_people(ask, buf, consent);
    page_add_scopes(ask, buf);
    if (consent->authorizes_client)
        im_buf_addz(buf, "<p>You are an administrator: accepting also authorizes this "
                         "application for the whole company.</p>\n");
    form_begin(ask, buf, "consent");
    im_html_hidden(buf, IM_FIELD_TICKET, consent->ticket);
    im_buf_addz(buf,
                "<button name=\"" IM_FIELD_DECISION "\" value=\"" IM_DECISION_ACCEPT
                "\">Accept</button>\n<button class=\"second\" name=\"" IM_FIELD_DECISION
                "\" value=\"" IM_DECISION_DENY "\">Deny</button>\n</form>\n"
                "<p class=\"soft\">Either way you go on to ");
    page_add_element(buf, "code", ask->redirect_uri);
    im_buf_addz(buf, ".</p>\n");
    im_html_end(res);
}
