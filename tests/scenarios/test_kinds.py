#!/usr/bin/env python3
"""No sound client fails anything. Twelve of different make go through the whole catalogue under `intacct-mock run`, and
each passes every scenario of which it does what is printed as its needs, and of which all can be told. What it does not
pass is listed here, with why.

TIMES=10 does it ten times in a row, which finds what depends on the machine's load."""
import os
import re
import subprocess
import sys

from beside import CLIENTS, SCENARIOS, WITH_SECOND_USER
from mock import PROGRAM, Tap

sys.path.insert(0, str(CLIENTS))
import kinds  # noqa: E402

TIMES = int(os.environ.get("TIMES", "1"))
FAIL_FAST = {"fail-fast", "tests"}
# What a client does not do, and the scenarios that wait for it.
NO_PERSON_SIGNS_IN = {
    "authorize-client-unknown", "code-expired", "code-missing", "code-of-another-client", "code-reused", "code-unknown",
    "consent-denied", "grant-superseded", "no-offline-access", "password-expired", "password-wrong",
    "pkce-challenge-invalid", "pkce-method-unsupported", "pkce-verifier-missing", "pkce-verifier-wrong",
    "redirect-uri-mismatch", "redirect-uri-missing", "redirect-uri-unregistered", "response-type-unsupported",
    "response-mode-unsupported", "request-object-unsupported", "prompt-none-login-required", "authorize-parameter-invalid",
    "scope-denied", "scope-unknown", "second-authorization", "state-missing"}
NOTHING_IS_INTROSPECTED = {"client-auth-missing", "token-missing", "token-of-another-client"}
NOTHING_IS_REFRESHED = {
    "answer-lost-after-refresh", "article-refresh-token-expired", "basic-on-refresh",
    "client-auth-in-header-on-refresh", "client-intermittent", "gateway-500-then-fine", "grant-revoked-elsewhere",
    "invalid-grant-401", "parallel-refresh", "password-changed", "proxy-login-page", "refresh-lost-to-another-worker",
    "refresh-race", "refresh-token-expired", "refresh-token-missing", "refresh-token-of-another-client",
    "refresh-token-reused", "refresh-token-revoked", "refresh-token-unknown", "user-revoked-access"}
NOTHING_IS_CREATED = {"answer-lost-after-create", "permission-action-denied"}
IT_ENDS_AT_THE_FIRST_REFUSAL = {"one-revoke-kills-all", "rate-limit-in-parallel", "rate-limit-with-retry-after",
                                "session-ended-each-time", "sign-in-to-the-ui", "token-lives-two-seconds"}
IT_WORKS_FOR_ONE_COMPANY = {"two-companies"}
WHOEVER_IT_IS = (NO_PERSON_SIGNS_IN, NOTHING_IS_INTROSPECTED)
ALWAYS = (*WHOEVER_IT_IS, IT_WORKS_FOR_ONE_COMPANY)
NOT_PASSED = {
    "serial": ALWAYS,
    "per-call": (*ALWAYS, NOTHING_IS_REFRESHED),
    "parallel": ALWAYS,
    "query": (*ALWAYS, NOTHING_IS_CREATED),
    "job": (*ALWAYS, NOTHING_IS_REFRESHED),
    "fail-fast": (*ALWAYS, NOTHING_IS_REFRESHED, IT_ENDS_AT_THE_FIRST_REFUSAL),
    "ahead": ALWAYS,
    "companies": WHOEVER_IT_IS,
    "introspects": (NO_PERSON_SIGNS_IN, IT_WORKS_FOR_ONE_COMPANY),
    "background": ALWAYS,
    "tests": (*ALWAYS, NOTHING_IS_REFRESHED),
    "parallel-jobs": (*ALWAYS, NOTHING_IS_REFRESHED),
}
# What cannot be told of a client, and the scenarios that are then met in part. Whether it comes to that depends on which of
# its workers is first, so each may be passed, too.


def that_expect(*sentences):
    return {name for name, scenario in SCENARIOS.items() if any(one["that"] in sentences for one in scenario["expect"])}


CALLS_ALIKE = that_expect("repeats come at growing intervals", "repeats are bounded",
                          "a call that is refused with new tokens too is given up: at most four tries")
SIGN_ONS = that_expect("one new token is asked for, however many calls were refused",
                       "one new token is had, however many calls were refused",
                       "wrong credentials are not hammered: at most two tries",
                       "there is another way in, or a stop: no loop") | {
    "sign-in-to-the-ui", "token-drop", "token-html", "token-malformed-json", "token-status-503", "token-truncate"}
REFUSED_TWICE = {"parallel-refresh", "refresh-race", "sign-in-to-the-ui"}
# it may renew right behind a renewal that a refusal asked for
REFRESHES_ANYWAY = {"client-auth-in-header-on-refresh", "refresh-token-missing"} | that_expect(
    "one new token is asked for, however many calls were refused", "one new token is had, however many calls were refused",
    "one new token is asked for each time, however many calls were refused")
# what one worker repeats in another's pause may be a call of its own
OTHERS_WAIT = that_expect("nothing is sent before Retry-After is over")
# on a busy machine a worker makes a call that another made, with the token that was refused meanwhile
DEAD_TOKENS = that_expect("a dead token is not hammered")
# a busy machine makes pauses that double look random, of whichever client
PAUSES = that_expect("repeats come at growing intervals")
CANNOT_BE_TOLD = {
    "parallel": (CALLS_ALIKE, DEAD_TOKENS, REFUSED_TWICE, OTHERS_WAIT),
    "job": (CALLS_ALIKE, SIGN_ONS),
    "background": (REFRESHES_ANYWAY, REFUSED_TWICE),
    "parallel-jobs": (CALLS_ALIKE, SIGN_ONS, OTHERS_WAIT),
}
# The printed need behind each list.
NEEDS = {"grant authorization_code": NO_PERSON_SIGNS_IN, "an authorize request": NO_PERSON_SIGNS_IN,
         "an introspection": NOTHING_IS_INTROSPECTED, "grant refresh_token": NOTHING_IS_REFRESHED,
         "2 API calls of user *@globex": IT_WORKS_FOR_ONE_COMPANY,
         "a call of an object by POST": NOTHING_IS_CREATED}
tap = Tap()


def run(kind):
    """(the output, {scenario: "passed" | "FAILED" | "partly" | "skipped"}, those that are met but for what cannot be told)"""
    done = subprocess.run([PROGRAM, "run", "--jobs", "6", "--client", "fail-fast" if kind in FAIL_FAST else "resilient",
                           "--", *WITH_SECOND_USER, sys.executable, str(CLIENTS / "kinds.py"), kind],
                          capture_output=True, text=True, timeout=400)
    said = re.findall(r"^(passed|FAILED|partly|skipped) +([a-z0-9_-]+)", done.stdout, re.M)
    doubted = re.findall(r'^partly +([a-z0-9_-]+)(?: \(exit status \d+\))?: "[^"]*": cannot tell: ', done.stdout, re.M)
    return done.stdout + done.stderr, {name: word for word, name in said}, set(doubted)


listed = subprocess.run([PROGRAM, "scenarios"], capture_output=True, text=True, timeout=60).stdout
needs = dict(re.findall(r"^  ([a-z0-9_-]+) +\S.*\n +needs: (.*)$", listed, re.M))
tap.check("every kind of client has its list", set(NOT_PASSED) == set(kinds.KINDS), set(NOT_PASSED) ^ set(kinds.KINDS))
for need, names in NEEDS.items():
    unlisted = {name for name, all_of_it in needs.items() if need in all_of_it.split(", ")} - set().union(*NEEDS.values())
    tap.check(f"what needs {need} is listed", not unlisted, unlisted)
for name in sorted(set().union(*NEEDS.values())):
    tap.check(f"{name} says what it needs", any(need in needs.get(name, "").split(", ") for need in NEEDS), needs.get(name))
for time in range(TIMES):
    for kind, lists in NOT_PASSED.items():
        output, results, doubted = run(kind)
        failed = re.findall(r"^FAILED(?:.*\n  .*)+", output, re.M)
        tap.check(f"{kind}: fails in none of {len(SCENARIOS)}", set(results) == set(SCENARIOS) and not failed,
                  "\n".join(failed) or output[-2000:])
        unexpected = doubted - set().union(PAUSES, *CANNOT_BE_TOLD.get(kind, ()))
        tap.check(f"{kind}: nothing is doubted that can be told", not unexpected,
                  "\n".join(re.findall(rf"^partly +(?:{'|'.join(unexpected)})\b.*", output, re.M)))
        others = {name for name, word in results.items() if word in ("partly", "skipped")} - doubted
        tap.check(f"{kind}: passes all whose needs it meets", others == set().union(*lists), others ^ set().union(*lists))
tap.end()
