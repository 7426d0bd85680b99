/* All sandboxes of one server, and the settings they share: name → sandbox, made on
 * first touch, gone when idle for long, bounded in number. Thread-safe. */
#ifndef IM_SANDBOXES_H
#define IM_SANDBOXES_H

#include "base/log.h"
#include "metrics.h"
#include "oauth/token_index.h"
#include "sandbox.h"
#include "scenario/catalogue.h"

struct im_proxy_port;

struct im_settings {
    bool hints;                   /* send the X-Intacct-Mock-* headers */
    bool no_cors;                 /* send no CORS headers */
    bool trust_proxy;             /* believe Forwarded and X-Forwarded-* */
    bool control;                 /* serve /__mock on the ports of the API */
    struct im_str control_token;  /* demanded on /__mock; empty = none */
    struct im_str control_origin; /* whose pages may use it: "http://a.test,…", "*" */
    struct im_str cert_names;     /* names of ours besides: "a.test,10.1.2.3" */
    struct im_str
        public_url; /* what issuer and links say; empty = from the request's Host */
    uint64_t seed;
    int64_t start_ms;      /* where clocks start; < 0 = the real time */
    size_t journal_keep;   /* exchanges per sandbox */
    size_t journal_memory; /* bytes of all sandboxes' journals together; 0 = unbounded */
    size_t sandboxes_max;  /* besides the default one */
    size_t
        waiting_max; /* requests that wait at once: on purpose, for exchanges, for events */
    int64_t sandbox_ttl_ms;  /* idle for so long, one is gone; real time */
    const char *scenario;    /* of the default sandbox: a name or a file */
    const char *scenarios;   /* a folder with more of them; NULL = none */
    struct im_str intercept; /* hosts that the proxy answers for */
    bool proxy_pass;         /* every other host is passed on */
    struct im_log log;
    /* Opens and closes proxies of single sandboxes; NULL where there is no listener. */
    struct im_proxy_opener {
        struct im_proxy_port *(*open)(void *context, struct im_str sandbox,
                                      struct im_str *url, struct im_error *err);
        void (*close)(void *context, struct im_proxy_port *port);
        void *context;
    } proxies;
    /* What the server knows of itself once it listens; empty before. */
    struct im_str http_url, https_url, control_url, proxy_url, ca_pem;
};

/* Lifetime: server. Texts in settings must live as long. */
struct im_sandboxes {
    struct im_settings settings;
    struct im_catalogue *catalogue;
    struct im_sandbox *standard; /* the default sandbox: always there */
    int64_t started_ms;          /* real time */
    atomic_bool host_warned;     /* the log has the warning about --public-url */
    atomic_size_t waiting;
    atomic_size_t count;  /* of the others; … */
    pthread_mutex_t lock; /* … which stand behind this */
    struct im_sandbox *newest, *oldest;
    struct im_table by_name;
    uint64_t serial;           /* of names that are made up */
    uint64_t dropped;          /* because there were too many */
    int64_t swept_ms;          /* monotonic */
    atomic_bool stopping;      /* read without the lock by what takes long */
    struct im_metrics metrics; /* of all that are or were */
    struct im_journal_memory journal_memory;
    struct im_token_index token_index; /* of all but the default one */
};

bool im_sandboxes_init(struct im_sandboxes *sandboxes, const struct im_settings *settings,
                       struct im_error *err);
void im_sandboxes_release(struct im_sandboxes *sandboxes);

/* The sandbox of that name, made now if its first part names a scenario. It stays until
 * im_sandboxes_unref. NULL with err: what is wrong with the name. */
struct im_sandbox *im_sandboxes_touch(struct im_sandboxes *sandboxes, struct im_str name,
                                      struct im_error *err);
/* Only if it is there already. */
struct im_sandbox *im_sandboxes_find(struct im_sandboxes *sandboxes, struct im_str name);
/* The sandbox that handed out this token, code or session, if it is there. */
struct im_sandbox *im_sandboxes_owner(struct im_sandboxes *sandboxes,
                                      struct im_arena *arena, struct im_str token);
void im_sandboxes_unref(struct im_sandboxes *sandboxes, struct im_sandbox *box);
/* One more reference to one that the caller has already. */
void im_sandboxes_ref(struct im_sandboxes *sandboxes, struct im_sandbox *box);

/* One made on purpose. */
struct im_sandbox_params {
    struct im_str name;           /* empty = one is made up: SCENARIO.N */
    struct im_scenario *scenario; /* the caller's reference stays the caller's */
    bool seeded;
    uint64_t seed;
    int64_t start_ms; /* < 0 = as the settings say */
};
enum im_made { IM_MADE, IM_MADE_TAKEN, IM_MADE_NOT };
/* As im_sandboxes_touch; *made distinguishes a taken name (err is empty) from what err says. */
struct im_sandbox *im_sandboxes_make(struct im_sandboxes *sandboxes,
                                     const struct im_sandbox_params *params,
                                     enum im_made *made, struct im_error *err);
/* Opens its own proxy, unless it has one already; it is closed with the sandbox. False with err. */
bool im_sandboxes_open_proxy(struct im_sandboxes *sandboxes, struct im_sandbox *box,
                             struct im_error *err);
/* Where that is, "http://127.0.0.1:40001"; empty when it has none. Lifetime: the arena's. */
struct im_str im_sandboxes_proxy_url(struct im_sandboxes *sandboxes,
                                     const struct im_sandbox *box,
                                     struct im_arena *arena);
/* It is not found any more, and requests that wait in it are woken. False when it is not
 * there. */
bool im_sandboxes_delete(struct im_sandboxes *sandboxes, struct im_str name);
/* All that are there, the default one first, then the one used last; each kept for the
 * caller, who releases them. NULL when memory is short. */
struct im_sandbox **im_sandboxes_list(struct im_sandboxes *sandboxes,
                                      struct im_arena *arena, size_t *count);
/* The address of this server where no request has another: --public-url, else
 * HTTP's, else HTTPS's. */
struct im_str im_sandboxes_url(const struct im_sandboxes *sandboxes);
/* What an integration takes as its base URL, of a server at `url`: URL or URL/s/NAME. Lifetime: the
 * arena's. */
struct im_str im_sandbox_base_url(const struct im_sandboxes *sandboxes,
                                  const struct im_sandbox *box, struct im_str url,
                                  struct im_arena *arena);
uint64_t im_sandboxes_dropped(struct im_sandboxes *sandboxes); /* for want of room */
/* As freshly made; its scenario as the catalogue has it now. */
bool im_sandboxes_reset(struct im_sandboxes *sandboxes, struct im_sandbox *box,
                        struct im_error *err);
/* The default sandbox begins its scenario again, as the catalogue or its file has it
 * now; what was handed out stays, and so do all other sandboxes. When that is wrong now,
 * it goes on as before. The log says which. */
bool im_sandboxes_reload(struct im_sandboxes *sandboxes, struct im_error *err);
/* May one more request wait? Then it counts until im_sandboxes_waited. */
bool im_sandboxes_may_wait(struct im_sandboxes *sandboxes);
void im_sandboxes_waited(struct im_sandboxes *sandboxes);
/* "[a-z0-9][a-z0-9._-]{0,63}" */
bool im_sandbox_name_is_sound(struct im_str name);
/* Wakes every request that waits in any of them: the server stops. */
void im_sandboxes_interrupt(struct im_sandboxes *sandboxes);

#endif
