/* Everything that can be done to sandboxes, at once: touched, used, listed, judged, swapped, reset,
 * deleted, and dropped for want of room or because nobody came. */
#include "threads/crowd.h"

#include <stdatomic.h>

enum { ROUNDS = 300, NAMES = 12, ROOM = 5 };

struct scene {
    struct im_server *mock;
    atomic_uint turn;
    atomic_int broken; /* answered 500, or not at all */
};

/* target = before, and a name, and behind. */
static void act(struct scene *scene, const char *method, const char *before, unsigned n,
                const char *behind, const char *body)
{
    char target[160];

    snprintf(target, sizeof(target), "%s%u%s", before, n % NAMES, behind);
    bool form = body && body[0] != '{';
    int status = status_of(scene->mock, method, target, form ? FORM : NULL, body);
    if (status == 0 || status == 500)
        atomic_fetch_add(&scene->broken, 1);
}

/* One that gets a name of its own; 503 where all that there is room for are in use at once. */
static void make_another(struct scene *scene)
{
    int status = status_of(scene->mock, "POST", "/__mock/sandboxes", NULL,
                           "{\"scenario\":\"drop\"}");

    if (status != 201 && status != 503)
        atomic_fetch_add(&scene->broken, 1);
}

/* Made, presented at the plain base URL, where it has to be looked for in all of them. */
static void present_elsewhere(struct scene *scene, unsigned n)
{
    char target[160];
    char header[1024] = "Authorization: Bearer ";

    snprintf(target, sizeof(target), "/s/happy-path.k%u" TOKEN, n % NAMES);
    struct im_reply reply = ask(scene->mock, "POST", target, FORM, CREDENTIALS);
    const char *at = strstr(reply.body, "access_token\":\"");
    if (at)
        snprintf(header, sizeof(header), "Authorization: Bearer %.*s\n",
                 (int)strcspn(at + 15, "\""), at + 15);
    im_reply_release(&reply);
    if (status_of(scene->mock, "GET", "/ia/api/v1/objects/accounts-payable/vendor",
                  header, NULL) == 500)
        atomic_fetch_add(&scene->broken, 1);
}

#define BOX "/__mock/sandboxes/happy-path.k"
static const char scripted[] =
    "{\"name\":\"told\",\"about\":\"Told.\",\"world\":{\"rotation\":\"keep\"},\"rules\":["
    "{\"when\":{\"endpoint\":\"token\",\"every\":3},\"then\":{\"world\":\"revoke-user\"}}"
    ","
    "{\"when\":{\"endpoint\":\"token\",\"every\":2},"
    "\"then\":{\"wire\":{\"hold\":{\"until\":2,\"for\":\"3ms\"}}}}],"
    "\"expect\":[{\"that\":\"it comes\",\"endpoint\":\"token\",\"per\":\"call\"}]}";

static void take_turn(struct scene *scene)
{
    unsigned turn = atomic_fetch_add(&scene->turn, 1);
    unsigned n = turn * 7 + turn / 12;

    switch (turn % 12) {
    case 0: act(scene, "DELETE", BOX, n, "", NULL); break;
    case 1: act(scene, "POST", BOX, n, "/reset", NULL); break;
    case 2: act(scene, "PUT", BOX, n, "/scenario", scripted); break;
    case 3: act(scene, "GET", "/__mock/sandboxes?", n, "", NULL); break;
    case 4: act(scene, "GET", BOX, n, "/verdict", NULL); break;
    case 5: act(scene, "GET", "/__mock/metrics?", n, "", NULL); break;
    case 6: act(scene, "POST", BOX, n, "/release", NULL); break;
    case 7: act(scene, "GET", BOX, n, "/requests?count=1&wait=1ms", NULL); break;
    case 8: make_another(scene); break;
    case 9: present_elsewhere(scene, n); break;
    default: act(scene, "POST", "/s/happy-path.k", n, TOKEN, CREDENTIALS);
    }
}

static void *take_turns(void *context)
{
    for (int i = 0; i < ROUNDS; i++)
        take_turn(context);
    return NULL;
}

static void whatever_is_done_to_sandboxes_at_once_nothing_breaks(void **state)
{
    struct im_options options = {
        .seed = 1, .sandboxes = ROOM, .journal = 20, .sandbox_ttl_ms = 200};
    struct scene scene = {.mock = im_start(&options, NULL, 0)};
    pthread_t threads[CROWD];

    assert_non_null(scene.mock);
    for (int i = 0; i < CROWD; i++)
        pthread_create(&threads[i], NULL, take_turns, &scene);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(scene.broken, 0);
    struct im_reply reply = ask(scene.mock, "GET", "/__mock/sandboxes", NULL, NULL);
    assert_null(strstr(reply.body, "\"dropped\":0,"));
    im_reply_release(&reply);
    im_stop(scene.mock);
}

static void who_is_not_touched_for_long_is_gone(void **state)
{
    struct im_options options = {.sandbox_ttl_ms = 50};
    struct im_server *mock = im_start(&options, NULL, 0);

    assert_int_equal(status_of(mock, "GET", "/s/happy-path.idle" DISCOVERY, NULL, NULL),
                     200);
    assert_true(comes_to(mock, "/__mock/sandboxes", "\"count\":1,"));
    im_stop(mock);
}

/* ---- room: while somebody lists them all, none of them can go ---- */

static void *touch_new_ones(void *context)
{
    struct scene *scene = context;
    char target[160];

    for (int i = 0; i < ROUNDS; i++) {
        unsigned turn = atomic_fetch_add(&scene->turn, 1);
        snprintf(target, sizeof(target), "/s/happy-path.n%u/", turn);
        status_of(scene->mock, "GET", target, NULL, NULL);
        status_of(scene->mock, "GET", "/__mock/sandboxes", NULL, NULL);
    }
    return NULL;
}

static void there_are_never_more_than_there_is_room_for_in_the_end(void **state)
{
    struct im_options options = {.sandboxes = ROOM};
    struct scene scene = {.mock = im_start(&options, NULL, 0)};
    pthread_t threads[CROWD];

    for (int i = 0; i < CROWD; i++)
        pthread_create(&threads[i], NULL, touch_new_ones, &scene);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    status_of(scene.mock, "GET", "/s/happy-path.last/", NULL, NULL);
    struct im_reply reply = ask(scene.mock, "GET", "/__mock/sandboxes", NULL, NULL);
    assert_non_null(strstr(reply.body, "\"count\":6,"));
    im_reply_release(&reply);
    im_stop(scene.mock);
}

/* ---- one name, touched by all in the same moment ---- */

struct touch {
    struct im_server *mock;
    pthread_barrier_t start;
};

static void *touch_once(void *context)
{
    struct touch *touch = context;

    pthread_barrier_wait(&touch->start);
    status_of(touch->mock, "GET", "/s/happy-path.one" DISCOVERY, NULL, NULL);
    return NULL;
}

static void who_is_touched_by_all_at_once_is_made_once(void **state)
{
    struct touch touch = {.mock = im_start(NULL, NULL, 0)};
    pthread_t threads[CROWD];

    for (int round = 0; round < 50; round++) {
        pthread_barrier_init(&touch.start, NULL, CROWD);
        for (int i = 0; i < CROWD; i++)
            pthread_create(&threads[i], NULL, touch_once, &touch);
        for (int i = 0; i < CROWD; i++)
            pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&touch.start);
        struct im_reply reply =
            ask(touch.mock, "GET", "/__mock/sandboxes/happy-path.one", NULL, NULL);
        assert_non_null(strstr(reply.body, "\"exchanges\":8"));
        im_reply_release(&reply);
        assert_int_equal(status_of(touch.mock, "DELETE",
                                   "/__mock/sandboxes/happy-path.one", NULL, NULL),
                         204);
    }
    im_stop(touch.mock);
}

/* ---- one that is gone while somebody is held in it ---- */

static void *be_held(void *context)
{
    status_of(context, "GET", "/s/happy-path.doomed" DISCOVERY, NULL, NULL);
    return NULL;
}

static void a_sandbox_that_goes_lets_all_go_who_are_held_in_it(void **state)
{
    struct im_server *mock = im_start(NULL, NULL, 0);
    pthread_t threads[CROWD];

    follow(mock, "happy-path.doomed",
           "{\"then\":{\"wire\":{\"hold\":{\"for\":\"10m\"}}}}");
    for (int i = 0; i < CROWD; i++)
        pthread_create(&threads[i], NULL, be_held, mock);
    assert_true(comes_to(mock, "/__mock/sandboxes/happy-path.doomed", "\"held\":8"));
    assert_int_equal(
        status_of(mock, "DELETE", "/__mock/sandboxes/happy-path.doomed", NULL, NULL),
        204);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    im_stop(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_done_to_sandboxes_at_once_nothing_breaks),
        cmocka_unit_test(who_is_not_touched_for_long_is_gone),
        cmocka_unit_test(there_are_never_more_than_there_is_room_for_in_the_end),
        cmocka_unit_test(who_is_touched_by_all_at_once_is_made_once),
        cmocka_unit_test(a_sandbox_that_goes_lets_all_go_who_are_held_in_it),
    };

    return cmocka_run_group_tests_name("sandboxes", tests, NULL, NULL);
}
