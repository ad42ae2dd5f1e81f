#!/usr/bin/python3 -B
"""`weir serve`, killed while clients write and call, again and again.

What was answered is there afterwards; what was not is there as a whole or not at
all; and no admitted request is forgotten.
"""

import datetime
import http.client
import json
import os
import random
import threading
import time
import unittest

from weir_process import WeirProcess

SEED = int(os.environ.get("WEIR_TEST_SEED", "1"))
ROUNDS = 5
WRITERS = 3
CALLERS = 2
QUOTA = 1_000_000


class Unanswered(Exception):
    """The server died first."""


def ask(server, method, target, body=None, **arguments):
    try:
        status, _, answer = server.request(method, target, body, **arguments)
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered() from error
    return status, json.loads(answer) if answer else None


def limits(number):
    """Members of a plan that all have this number in them."""
    return {
        "description": str(number),
        "throttle": {"burstLimit": number, "rateLimit": float(number)},
        "quota": {"limit": number, "offset": 0, "period": "DAY"},
        "productCode": str(number),
    }


class Writer:
    """Writes, one call after the other, and knows what must be there.

    A thing is a kind and a name. `there` has those whose creation was answered
    and their state; `perhaps` is what the one call that was not answered would
    have made of its thing. None is a thing that is not there.
    """

    def __init__(self, number, seed):
        self.random = random.Random(seed)
        self.prefix = f"w{number}-"
        self.count = 0
        self.there = {}
        self.perhaps = {}
        self.answered = 0

    def run(self, server):
        try:
            while True:
                self.write(server)
                self.answered += 1
        except Unanswered:
            pass

    def write(self, server):
        self.count += 1
        plans = [thing for thing in self.there if thing[0] == "plan"]
        keys = [thing for thing in self.there if thing[0] == "key"]
        choice = self.random.random()
        if choice < 0.2 or not plans:
            name = f"{self.prefix}{self.count}"
            body = {"name": name, **limits(self.count)}
            del body["productCode"]
            self.send(server, {("plan", name): body}, "POST", "/usageplans", body)
        elif choice < 0.6:
            thing = self.random.choice(plans)
            new = limits(self.count)
            operations = [
                ("/description", new["description"]),
                ("/throttle/burstLimit", str(self.count)),
                ("/throttle/rateLimit", str(self.count)),
                ("/quota/limit", str(self.count)),
                ("/productCode", new["productCode"]),
            ]
            self.send(
                server,
                {thing: {"name": thing[1], **new}},
                "PATCH",
                f"/usageplans/{self.ids[thing]}",
                {
                    "patchOperations": [
                        {"op": "replace", "path": path, "value": value}
                        for path, value in operations
                    ]
                },
            )
        elif choice < 0.65:
            thing = self.random.choice(plans)
            self.send(
                server, {thing: None}, "DELETE", f"/usageplans/{self.ids[thing]}"
            )
        elif choice < 0.8:
            name = f"{self.prefix}{self.count}"
            body = {"name": name, "description": "d", "enabled": True, "tags": {"t": name}}
            self.send(server, {("key", name): body}, "POST", "/apikeys", body)
        elif choice < 0.9 or not keys:
            # All of a batch, or none.
            names = [f"{self.prefix}{self.count}.{i}" for i in range(20)]
            self.send(
                server,
                {
                    ("key", name): {"name": name, "description": "d", "enabled": True, "tags": {}}
                    for name in names
                },
                "POST",
                "/apikeys?mode=import&format=csv&failonwarnings=true",
                "name,description,enabled,key\n"
                + "".join(f"{name},d,true,{name}-0123456789abcdef\n" for name in names),
            )
        else:
            thing = self.random.choice(keys)
            self.send(server, {thing: None}, "DELETE", f"/apikeys/{self.ids[thing]}")

    def send(self, server, changes, *request):
        self.perhaps = changes
        status, answer = ask(server, *request)
        assert 200 <= status < 300, (request, status, answer)
        self.perhaps = {}
        self.there.update(changes)
        if answer and "ids" in answer:
            self.ids.update(zip(changes, answer["ids"]))
        elif answer:
            self.ids.update({thing: answer["id"] for thing in changes})
        self.forget_absent()

    def forget_absent(self):
        self.there = {thing: state for thing, state in self.there.items() if state}

    def check(self, found):
        """`found`: (id, state) of each thing after a restart."""
        own = {
            thing: state
            for thing, (_, state) in found.items()
            if thing[1].startswith(self.prefix)
        }
        done = {thing: state for thing, state in {**self.there, **self.perhaps}.items() if state}
        assert own in (self.there, done), (
            f"{self.prefix}: neither with the call that was not answered nor without: "
            f"{difference(own, self.there)} and {difference(own, done)}"
        )
        self.there = own
        self.perhaps = {}
        self.ids = {thing: found[thing][0] for thing in own}

    ids = {}


def difference(found, wanted):
    return {
        thing: (found.get(thing), wanted.get(thing))
        for thing in {*found, *wanted}
        if found.get(thing) != wanted.get(thing)
    }


class Caller:
    """Calls the gateway with a key of its own, and counts."""

    def __init__(self, server, number):
        self.api = f"api{number}"
        plan = ask(
            server,
            "POST",
            "/usageplans",
            {
                "name": self.api,
                "apiStages": [{"apiId": self.api, "stage": "s"}],
                "quota": {"limit": QUOTA, "period": "MONTH"},
            },
        )[1]
        key = ask(server, "POST", "/apikeys", {"name": self.api, "enabled": True})[1]
        ask(
            server,
            "POST",
            f"/usageplans/{plan['id']}/keys",
            {"keyId": key["id"], "keyType": "API_KEY"},
        )
        self.plan, self.key, self.value = plan["id"], key["id"], key["value"]
        self.admitted = 0
        self.unanswered = 0

    def run(self, server):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            while True:
                connection.request("GET", f"/{self.api}/s/x", headers={"x-api-key": self.value})
                response = connection.getresponse()
                response.read()
                assert response.status == 200, response.status
                self.admitted += 1
        except (OSError, http.client.HTTPException):
            self.unanswered += 1
        finally:
            connection.close()

    def check(self, server):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        yesterday = today - datetime.timedelta(days=1)
        usage = ask(
            server,
            "GET",
            f"/usageplans/{self.plan}/usage?startDate={yesterday}&endDate={today}",
        )[1]
        used = sum(day[0] for day in usage["values"][self.key])
        assert self.admitted <= used <= self.admitted + self.unanswered, (
            f"{self.api}: {used} used, {self.admitted} admitted, "
            f"{self.unanswered} not answered"
        )


def everything(server):
    """(kind, name) -> (id, state), as the server has it."""
    found = {}
    for kind, target, members in (
        ("plan", "/usageplans?limit=500", ("name", "description", "throttle", "quota", "productCode")),
        ("key", "/apikeys?limit=500", ("name", "description", "enabled", "tags")),
    ):
        position = ""
        while True:
            page = ask(server, "GET", target + position)[1]
            for one in page["item"]:
                state = {name: one[name] for name in members if name in one}
                if kind == "key":
                    state.setdefault("tags", {})
                name = (kind, one["name"])
                assert name not in found, f"{name} is there twice"
                found[name] = (one["id"], state)
            if "position" not in page:
                break
            position = f"&position={page['position']}"
    return found


class Crash(unittest.TestCase):
    def test_rounds(self):
        print(f"WEIR_TEST_SEED={SEED}")
        chance = random.Random(SEED)
        server = WeirProcess()
        writers = [Writer(i, chance.random()) for i in range(WRITERS)]
        callers = [Caller(server, i) for i in range(CALLERS)]
        for round_number in range(ROUNDS):
            failures = []

            def run(worker, failures=failures):
                try:
                    worker.run(server)
                except BaseException as error:  # pylint: disable=broad-except
                    failures.append(error)

            threads = [
                threading.Thread(target=run, args=(worker,)) for worker in writers + callers
            ]
            for thread in threads:
                thread.start()
            time.sleep(0.1 + 1.2 * chance.random())
            server.kill()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])
            server.start()
            with self.subTest(seed=SEED, round=round_number):
                found = everything(server)
                for writer in writers:
                    writer.check(found)
                for caller in callers:
                    caller.check(server)
        # It was no idle server that was killed.
        self.assertTrue(all(writer.answered > ROUNDS for writer in writers))
        self.assertTrue(all(caller.admitted > ROUNDS for caller in callers))
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
