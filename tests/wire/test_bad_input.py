#!/usr/bin/env python3
"""Bytes that no HTTP library would send: each gets a clear refusal in the right shape, and the
server goes on. The causes that only broken bytes can provoke have their stories here."""
import json

from mock import Server, Tap, TOKEN_FORM, body, status

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
TOKEN = "/ia/api/v1/oauth2/token"
tap = Tap()


def refused(title, answer, expected, cause):
    shape = body(answer)
    try:
        parsed = json.loads(shape)
    except ValueError:
        parsed = None
    holds = (status(answer) == expected and parsed
             and f"X-Intacct-Mock-Cause: {cause}".encode() in answer
             and ("error" in parsed or "ia::error" in parsed or "ia::result" in parsed))
    tap.check(f"{title}: {expected}, {cause}", holds, answer[:600])


def still_serves(title):
    answer = server.request("POST", TOKEN, TOKEN_FORM, FORM)
    tap.check(f"it still gives tokens {title}", status(answer) == 200, answer[:400])


with Server() as server:
    head = f"POST {TOKEN} HTTP/1.1\r\nHost: localhost\r\n{FORM}"

    refused("garbage instead of HTTP", server.raw(b"\x16\x03\x01 garbage\r\n\r\n"), 400,
            "request-malformed")
    refused("a request line without a version", server.raw(b"HELLO\r\n\r\n"), 400,
            "request-malformed")
    refused("two different Content-Lengths",
            server.raw((head + "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde").encode()),
            400, "request-malformed")
    refused("Content-Length: 5x", server.raw((head + "Content-Length: 5x\r\n\r\nabcde").encode()),
            400, "request-malformed")
    refused("chunked together with Content-Length",
            server.raw((head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "5\r\nabcde\r\n0\r\n\r\n").encode()), 400, "request-malformed")
    refused("a header of 20 kB",
            server.request("POST", TOKEN, TOKEN_FORM, FORM + "X-Long: " + "x" * 20000 + "\r\n"), 431,
            "headers-too-large")
    refused("seventy headers",
            server.request("POST", TOKEN, TOKEN_FORM,
                           FORM + "".join(f"X-{i}: {i}\r\n" for i in range(70))), 431,
            "headers-too-large")
    refused("HTTP/2 without asking", server.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4" + bytes(5)),
            505, "http2-spoken")
    refused("a compressed body", server.request("POST", TOKEN, b"\x1f\x8b\x08\0", FORM + "Content-Encoding: gzip\r\n"),
            415, "content-encoding-unsupported")
    refused("two empty lines before a request", server.raw(b"\r\n\r\n" + (head + "Content-Length: 3\r\n\r\nabc").encode()),
            400, "request-malformed")
    refused("a byte that is none of HTTP's", server.raw(b"GET /\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400,
            "request-malformed")
    answer = server.raw((head + f"User-Agent: a\tb\r\nConnection: close\r\nContent-Length: {len(TOKEN_FORM)}\r\n\r\n{TOKEN_FORM}").encode())
    tap.check("a tab in a header is none of these", status(answer) == 200, answer[:400])
    refused("OPTIONS *", server.raw(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 404,
            "path-unknown")
    answer = server.raw(b"GET http://api.intacct.com/.well-known/jwks.json HTTP/1.1\r\nHost: api.intacct.com\r\n"
                        b"Connection: close\r\n\r\n")
    tap.check("a whole URL as target is served", status(answer) == 200 and b'"keys"' in answer, answer[:400])
    refused("an unknown method", server.request("FROB", TOKEN), 501, "method-unknown")
    refused("a body over 1 MiB",
            server.raw((head + "Content-Length: 2000000\r\n\r\n").encode() + b"x" * 70000,
                       half_close=True), 413, "request-too-large")
    refused("a body that breaks off",
            server.raw((head + "Content-Length: 500\r\n\r\ngrant_type=").encode(), half_close=True),
            408, "request-incomplete")
    refused("a broken chunk",
            server.raw((head + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n").encode()),
            400, "request-malformed")
    still_serves("after broken framing")

    chunked = head + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    half = len(TOKEN_FORM) // 2
    for piece in (TOKEN_FORM[:half], TOKEN_FORM[half:], ""):
        chunked += f"{len(piece):x}\r\n{piece}\r\n"
    answer = server.raw(chunked.encode())
    tap.check("a chunked body is read", status(answer) == 200, answer[:400])

    refused("a NUL byte in a form", server.request("POST", TOKEN, TOKEN_FORM + "&x=%00", FORM), 400,
            "payload-malformed")
    refused("invalid UTF-8 in a form", server.request("POST", TOKEN, TOKEN_FORM + "&x=%ff", FORM),
            400, "payload-malformed")
    refused("the form that hangs CivetWeb's own parser",
            server.request("POST", TOKEN, "a=%", FORM), 400, "payload-malformed")
    refused("JSON nested 10,000 deep",
            server.request("POST", TOKEN, "[" * 10000, "Content-Type: application/json\r\n"), 400,
            "payload-malformed")
    refused("JSON with a duplicate name is a repeated parameter",
            server.request("POST", TOKEN, '{"grant_type":"a","grant_type":"b","client_id":"demo"}',
                           "Content-Type: application/json\r\n"), 400, "parameter-repeated")
    refused("a path that climbs", server.request("GET", "/ia/../etc/passwd"), 404, "path-unknown")
    refused("an encoded path is not decoded",
            server.request("POST", "/ia/api/v1/oauth2/%74oken", TOKEN_FORM, FORM), 404,
            "token-endpoint-unknown")
    answer = server.request("HEAD", "/.well-known/openid-configuration")
    tap.check("HEAD has the headers and no body",
              status(answer) == 200 and body(answer) == b"" and b"Content-Length:" in answer, answer)
    answer = server.raw((head + "Expect: 100-continue\r\nConnection: close\r\n"
                         f"Content-Length: {len(TOKEN_FORM)}\r\n\r\n{TOKEN_FORM}").encode())
    tap.check("Expect: 100-continue is answered at once",
              answer.startswith(b"HTTP/1.1 100 Continue") and b"access_token" in answer, answer)
    still_serves("after all that")

    answer = server.request("POST", "/__mock/sandboxes/default/clock", "x" * 100)
    tap.check("the control API refuses what is not JSON", status(answer) == 400, answer)
    answer = server.request("GET", "/__mock/sandboxes/default/requests")
    tap.check("every refusal stands in the journal",
              json.loads(body(answer))["count"] > 20, answer[:300])

tap.end()
