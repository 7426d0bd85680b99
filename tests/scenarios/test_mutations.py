#!/usr/bin/env python3
"""For every expectation of every scenario there is a way to break the sound client that makes this very
expectation not met; and the unbroken client meets them all. So no expectation is there that nothing can fail.

Nobody sleeps: where the client would wait, the clock of its sandbox is moved. By more than it asked for, so that the
pauses that a busy machine makes are small beside its own."""
import concurrent.futures

from beside import SCENARIOS, baseline, becomes, control, second_user, sound
from mock import Server, Tap

THREADS = 8
STRETCH = 5  # a first pause of 0.1 s stays below a Retry-After of 1 s
# What is likely to break a sentence; "a+b" is both at once. After these, all others are tried.
LIKELY = {
    "a code is tried once": ["sends-code-twice"],
    "a call that is refused with new tokens too is given up: at most four tries": ["renews-for-ever"],
    "a dead token is not hammered": ["hammers-dead-token"],
    "a record of acme is asked for with the token of acme": ["last-token-wins"],
    "a record of globex is asked for with the token of globex": ["one-token-for-all"],
    "a refresh has its credentials in the body, at the latest when it is told":
        ["basic-on-refresh+loops-on-dead-refresh-token", "basic-on-refresh+hammers-credentials"],
    "a refused sign-in is not hammered: at most two tries": ["hammers-sign-in"],
    "a token is good until the server refuses it: no other is asked for": ["renews-by-its-own-clock"],
    "a token is had": ["never-asks-for-a-token", "forgets-state"],
    "an entity is chosen by X-IA-API-Param-Entity and no other header": ["sends-wrong-entity-header"],
    "at most one repeat is made at once, the next one waits": ["retries-at-once"],
    "every parameter has its right name": ["misspells-a-parameter"],
    "every sign-in is begun with a state": ["forgets-state"],
    "no code is exchanged, for none came": ["exchanges-no-code"],
    "no call is refused: the token is renewed ahead of time, as expires_in says": ["never-renews"],
    "no more records are created than where nothing goes wrong: what is sent again has the same key and body":
        ["creates-anew"],
    "no new token is asked for because of it":
        ["renews-on-trouble", "refreshes-on-403", "is-impatient+renews-on-trouble", "gives-up-on-slow-answers+renews-on-trouble"],
    "no refresh is tried without a refresh token": ["refreshes-without-token"],
    "no refresh loses against another one of the same client": ["refresh-per-thread"],
    "no refresh token is used twice": ["refresh-per-thread"],
    "nobody has to sign in again because of an outage": ["refreshes-twice-after-lost-answer"],
    "nothing is called without a token": ["calls-without-token", "takes-faults-for-success"],
    "nothing is created twice: what is sent again has its Idempotency-Key": ["creates-without-a-key"],
    "nothing is sent before Retry-After is over": ["ignores-retry-after", "waits-alone"],
    "one invalid_client is no reason to give up: a new token is had": ["hammers-credentials"],
    "one new token is asked for each time, however many calls were refused": ["refresh-per-thread"],
    "one new token is asked for, however many calls were refused": ["renews-three-times"],
    "one new token is had, however many calls were refused": ["renews-three-times"],
    "refreshes run one at a time": ["refresh-per-thread"],
    "repeats are bounded": ["retries-for-ever"],
    "repeats come at growing intervals": ["retries-at-once"],
    "the API is called with success": ["leaves-after-connecting"],
    "the call is not sent again while the first is under way": ["is-impatient", "gives-up-on-slow-answers"],
    "the dead refresh token is tried once": ["loops-on-dead-refresh-token"],
    "the host has its right name": ["misspells-the-host"],
    "the refused call is not repeated blindly": ["repeats-403"],
    "the refused create is not repeated blindly": ["repeats-403"],
    "the refused call is repeated for its own company and succeeds": ["does-not-repeat-the-call"],
    "the refused call is repeated and succeeds": ["does-not-repeat-the-call"],
    "the token is not sent to the other host": ["follows-redirects-with-credentials"],
    "the used-up refresh token is tried once more at most": ["refreshes-twice-after-lost-answer"],
    "then a token is had, and the call succeeds": ["gives-up-at-once", "gives-up-on-retry-after"],
    "then the call is repeated and succeeds": ["gives-up-at-once", "gives-up-on-retry-after"],
    "there are no repeats": ["repeats-refused-calls", "hammers-sign-in", "hammers-credentials"],
    "there is another way in, or a stop: no loop":
        ["loops-on-dead-refresh-token", "hammers-credentials", "renews-three-times"],
    "wrong credentials are not hammered: at most two tries":
        ["hammers-credentials", "repeats-refused-calls", "hammers-sign-in"],
}
BASELINE = "happy-path.baseline"
ADVICE = {one["that"] for scenario in SCENARIOS.values() for one in scenario["expect"] if one.get("advice")}
tap = Tap()


def verdict_on(server, scenario, number, faults=""):
    """What the scenario says of a sound client that has these faults."""
    name = f"{scenario}.m{number}"
    control(server, "sandboxes", {"name": name, "scenario": scenario})

    def sleep(seconds):
        control(server, f"sandboxes/{name}/clock", {"advance": f"{int(seconds * 1000 * STRETCH) + 1}ms"})

    config = sound.config_from({"INTACCT_BASE_URL": f"{server.url}/s/{name}", "INTACCT_SECOND_USERNAME": second_user(scenario)})
    outcome = sound.Client(config, sleep=sleep, faults=faults.split("+") if faults else ()).run()
    # an exchange that the client did not wait for is judged once it is over
    becomes(lambda: not control(server, f"sandboxes/{name}")["held"])
    return control(server, f"sandboxes/{name}/verdict?baseline={BASELINE}&running=false"), outcome


def faults_for(expect):
    likely = [fault for one in expect for fault in LIKELY[one["that"]]]
    return list(dict.fromkeys(likely + list(sound.Broken.ABOUT)))


def try_all(server, scenario):
    """(the verdict on the sound client, what its run came to, {sentence: what broke it})"""
    expect = SCENARIOS[scenario]["expect"]
    verdict, outcome = verdict_on(server, scenario, 0)
    broken = {}
    for number, faults in enumerate(faults_for(expect), 1):
        if len(broken) == len(expect):
            break
        for one in verdict_on(server, scenario, number, faults)[0]["expect"]:
            if one["outcome"] == ("information" if one["that"] in ADVICE else "not-met"):
                broken.setdefault(one["that"], faults)
    return verdict, outcome, broken


sentences = {one["that"] for scenario in SCENARIOS.values() for one in scenario["expect"]}
tap.check("the table says for every sentence what is likely to break it", sentences == set(LIKELY),
          f"unknown: {sorted(sentences - set(LIKELY))}\nof no scenario: {sorted(set(LIKELY) - sentences)}")
known = {fault for faults in LIKELY.values() for both in faults for fault in both.split("+")}
tap.check("and knows those faults", known <= set(sound.Broken.ABOUT), known - set(sound.Broken.ABOUT))
twice = [name for name, scenario in SCENARIOS.items()
         if len({one["that"] for one in scenario["expect"]}) < len(scenario["expect"])]
tap.check("no scenario says the same twice", not twice, twice)

helpful = set()
with Server("--threads", "400") as mock, concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
    baseline(mock, BASELINE, lambda url: sound.Client(sound.config_from({"INTACCT_BASE_URL": url})).run())
    tries = pool.map(lambda name: (name, *try_all(mock, name)), SCENARIOS)
    for scenario, said, came_to, breakers in tries:
        helpful.update(fault for both in breakers.values() for fault in both.split("+"))
        unbroken = [one["that"] for one in SCENARIOS[scenario]["expect"] if one["that"] not in breakers]
        tap.check(f"{scenario}: the sound client meets it", said["outcome"] == "met", f"{said}\n{came_to}")
        tap.check(f"{scenario}: each expectation fails for a client that is broken so", not unbroken,
                  "\n".join(f"no fault breaks: {that}" for that in unbroken))

idle = set(sound.Broken.ABOUT) - helpful
print(f"# not needed to break anything: {', '.join(sorted(idle))}")
tap.end()
