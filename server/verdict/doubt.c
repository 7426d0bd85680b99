/* Doubts in words: what cannot be told, why, and what would show it (rules 4 and 5 of scenarios/README.md). */
#include "verdict/doubt.h"

/* The name of the client comes between the two. */
static const struct {
    const char *before, *after;
} sentences[] = {
    [IM_DOUBT_NO_BASELINE] =
        {"it is not known how often ",
         " signs on where nothing goes wrong; `intacct-mock run` finds out, or name a "
         "sandbox in which that was so with ?baseline=NAME"},
    [IM_DOUBT_REFRESHES] = {"", " refreshes where nothing goes wrong, too; a run in "
                                "which it does not shows it"},
    [IM_DOUBT_SAME_CALLS] =
        {"",
         " makes the same call several times, so a repeat cannot be told from a call of "
         "its own; a run that makes each call once shows it"},
    [IM_DOUBT_WORKERS] =
        {"if ",
         " has workers that take turns, another one sent this, which had not heard of "
         "that answer; if it has one worker, it did not heed it"},
    [IM_DOUBT_UNTOLD] =
        {"another worker of ",
         " sent this; one of the same process should have been told to wait, too, one of "
         "another process need not know"},
    [IM_DOUBT_AHEAD] =
        {"these tokens live five minutes at most, and where ",
         " renews tokens so far ahead, it renews these before each call; a smaller "
         "margin shows it"},
    [IM_DOUBT_RECORDS] =
        {"", " made one record more than where nothing goes wrong, and it does not show "
             "whether that is the same again; what is sent again must be the same call, "
             "with the same Idempotency-Key"},
    [IM_DOUBT_RANDOM_GAPS] =
        {"the pauses of ",
         " may be random, and so few of those need not grow; a run without jitter, or "
         "with more tries, shows it"},
    [IM_DOUBT_ONE_GAP] =
        {"a first repeat may come at once, and ",
         " had no reason for another; a run with one worker, whose call fails twice, "
         "shows it"},
};

void im_doubt_say(const struct im_judge_options *options, enum im_doubt doubt,
                  struct im_buf *why)
{
    const char *client = options->client ? options->client : "the client";

    if (doubt == IM_DOUBT_SIGN_ONS)
        im_buf_addf(why,
                    "cannot tell: %s signs on %lld times; give each test a sandbox of "
                    "its own (client id demo~NAME.TEST, or /s/NAME.TEST)",
                    client, (long long)options->baseline->sign_on_tries);
    else
        im_buf_addf(why, "cannot tell: %s%s%s", sentences[doubt].before, client,
                    sentences[doubt].after);
}
