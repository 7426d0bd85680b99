#!/usr/bin/env python3
"""The control API's description against the running server: each route of its index is described, each
operation described is a route, and what needs no control token is said to need none."""
import copy
import re

from control_api import DOCUMENT, OPERATIONS, WRITTEN
from mock import Server, Tap, body, status

tap = Tap()

with Server() as server:
    page = body(server.request("GET", "/__mock/")).decode()
    routes = set(re.findall(r"<code>([A-Z]+ /__mock[^<]*)</code>", page))
    described = {f"{o.method} /__mock{o.path}" for o in OPERATIONS}

    tap.check("the index lists routes", len(routes) > 20, page[:500])
    tap.check("every route is described", not routes - described, routes - described)
    tap.check("every operation described is a route", not described - routes, described - routes)

made = copy.deepcopy(DOCUMENT)
schemas = made["components"]["schemas"]
for name in set(schemas) - set(WRITTEN["components"]["schemas"]):
    del schemas[name]
tap.check("the server serves the document as it is committed, with schemas of its own beside", made == WRITTEN)

with Server("--control-token", "t0ken") as server:
    wrong = []
    for operation in OPERATIONS:
        path = re.sub(r"\{\w+\}", "x", operation.path)
        answer = server.request(operation.method, "/__mock" + path)
        if (status(answer) != 401) != (operation.spec.get("security") == []):
            wrong.append((operation.id, status(answer)))
    tap.check("exactly what is open needs no control token", not wrong, wrong)

tap.end()
