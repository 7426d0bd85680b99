#!/usr/bin/env python3
"""Server-sent events on the wire: exchanges arrive as they happen, and the stream ends with the server."""
import json
import socket
import threading

from mock import Server, Tap, TOKEN_FORM

TOKEN = "/ia/api/v1/oauth2/token"
EVENTS = "/__mock/sandboxes/default/events"
tap = Tap()


class Stream:
    """An EventSource without the browser."""

    def __init__(self, server, query="", headers=""):
        self.conversation = socket.create_connection(("127.0.0.1", server.port), 20)
        self.conversation.sendall(f"GET {EVENTS}{query} HTTP/1.1\r\nHost: h\r\n{headers}\r\n".encode())
        self.lines = self.conversation.makefile("r", encoding="utf-8", newline="\n")
        self.head = self.block()

    def block(self):
        """Lines until an empty one, or the end."""
        found = []
        for line in self.lines:
            if not line.strip():
                break
            found.append(line.rstrip("\r\n"))
        return found

    def event(self):
        return dict(line.split(": ", 1) for line in self.block())

    def close(self):
        self.lines.close()
        self.conversation.close()


def ask(server, path, form=TOKEN_FORM):
    return server.request("POST", path, form, "Content-Type: application/x-www-form-urlencoded\r\n")


with Server() as server:
    ask(server, TOKEN)
    stream = Stream(server)
    tap.check("the head comes before the first event",
              "200" in stream.head[0] and "Content-Type: text/event-stream" in stream.head, stream.head)
    ask(server, "/nowhere")
    event = stream.event()
    data = json.loads(event["data"])
    tap.check("an exchange arrives as it happens",
              event["id"] == "2" and event["event"] == "exchange"
              and data["request"]["target"] == "/nowhere" and data["cause"] == "path-unknown", event)
    again = Stream(server, headers="Last-Event-ID: 1\r\n")
    tap.check("who connects again is told what was missed", again.event()["id"] == "2")
    tokens = Stream(server, "?endpoint=token&since=0")
    tap.check("what was there can be had first", json.loads(tokens.event()["data"])["endpoint"] == "token")
    ask(server, "/nowhere")
    ask(server, TOKEN)
    tap.check("and a filter lets through what fits", tokens.event()["id"] == "4")

    workers = [threading.Thread(target=ask, args=(server, TOKEN)) for _ in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seen = [int(stream.event()["id"]) for _ in range(22)]
    tap.check("of many at once each is told once, in order", seen == list(range(3, 25)), seen)
    for one in (again, tokens):
        one.close()
    tap.check("who leaves holds nobody up", b"access_token" in ask(server, TOKEN))
    stream.event()
    server.process.terminate()
    tap.check("the stream ends with the server", stream.block() == [])
    tap.check("which ends as ever", server.process.wait(10) == 0)
    stream.close()

tap.end()
