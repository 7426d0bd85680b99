#!/usr/bin/env python3
"""The metrics as Prometheus reads them: its own parser takes them, and they say what happened."""
import urllib.error
import urllib.request

import beside  # noqa: F401

from prometheus_client.parser import text_string_to_metric_families

from mock import Server, Tap, TOKEN_FORM

tap = Tap()


def ask(server, path, data=None):
    try:
        with urllib.request.urlopen(server.url + path, data) as answer:
            return answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.headers["Content-Type"], refusal.read().decode()


def scraped(server):
    media, text = ask(server, "/__mock/metrics")
    return media, text, {family.name: family for family in text_string_to_metric_families(text)}


def value(family, name=None, **labels):
    found = [sample.value for sample in family.samples
             if sample.name == (name or family.name) and labels.items() <= sample.labels.items()]
    return sum(found) if found else None


with Server() as server:
    media, text, families = scraped(server)
    tap.check("it is the text format 0.0.4", media == "text/plain; version=0.0.4; charset=utf-8", media)
    tap.check("each family has a type and a help, and our prefix",
              all(family.type != "unknown" and family.documentation and name.startswith("intacct_mock_")
                  for name, family in families.items()), text)
    tap.check("each series stands there once", len({(s.name, tuple(s.labels.items()))
                                                    for f in families.values() for s in f.samples})
              == sum(len(f.samples) for f in families.values()), text)

    for _ in range(3):
        ask(server, "/ia/api/v1/oauth2/token", TOKEN_FORM.encode())
    ask(server, "/ia/api/v1/oauth2/token", TOKEN_FORM.replace("demo-secret", "x").encode())
    ask(server, "/ia/api/v1/objects/accounts-payable/vendor")
    _, text, families = scraped(server)
    requests = families["intacct_mock_requests"]
    tap.check("requests are counted", requests.type == "counter"
              and value(requests, "intacct_mock_requests_total", endpoint="token", status="200", cause="") == 3
              and value(requests, "intacct_mock_requests_total", cause="client-secret-wrong", status="401") == 1
              and value(requests, "intacct_mock_requests_total", endpoint="resource") == 1, text)

    durations = families["intacct_mock_request_duration_seconds"]
    buckets = [(float(s.labels["le"]), s.value) for s in durations.samples if s.name.endswith("_bucket")]
    tap.check("durations are a histogram", durations.type == "histogram"
              and buckets == sorted(buckets) and [n for _, n in buckets] == sorted(n for _, n in buckets)
              and buckets[0][0] == 0.00005 and buckets[-1] == (float("inf"), 5.0)
              and value(durations, durations.name + "_count") == 5
              and value(durations, durations.name + "_sum") > 0, text)

    tap.check("live tokens are counted by kind",
              value(families["intacct_mock_tokens_live"], kind="access") >= 1
              and value(families["intacct_mock_tokens_live"], kind="code") == 0, text)
    tap.check("and what else there is", value(families["intacct_mock_sandboxes"]) == 1
              and value(families["intacct_mock_journal_dropped"]) == 0
              and value(families["intacct_mock_uptime_seconds"]) >= 0
              and families["intacct_mock_build_info"].samples[0].labels["version"], text)

tap.end()
