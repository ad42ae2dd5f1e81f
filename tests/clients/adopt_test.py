#!/usr/bin/python3 -B
"""`weir adopt` of what the AWS CLI prints of one server, served by another."""

import contextlib
import datetime
import json
import os
import re
import shutil
import subprocess
import unittest

from weir_process import ADMIN, BINARY, PATIENCE, REGION, WeirProcess, new_folder

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": ADMIN.access_key,
    "AWS_SECRET_ACCESS_KEY": ADMIN.secret_key,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_PAGER": "",
}
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
FIRST = TODAY - datetime.timedelta(days=31)


def commands_of_the_docs():
    """The shell commands in docs/adopt.md that make a dump."""
    with open("docs/adopt.md", encoding="utf-8") as file:
        return re.search(r"```sh\n(.*?)```", file.read(), re.DOTALL)[1]


def adopt(*arguments):
    return subprocess.run(
        [BINARY, "adopt", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def everything(server):
    """What the server says of its plans, keys, associations and usage."""
    client = server.client()
    with contextlib.closing(client):
        plans = client.get_usage_plans(limit=500)["items"]
        return {
            "plans": [client.get_usage_plan(usagePlanId=plan["id"]) for plan in plans],
            "keys": client.get_api_keys(limit=500, includeValues=True)["items"],
            "plan keys": [
                client.get_usage_plan_keys(usagePlanId=plan["id"], limit=500)["items"]
                for plan in plans
            ],
            "usage": [
                client.get_usage(
                    usagePlanId=plan["id"],
                    startDate=FIRST.isoformat(),
                    endDate=TODAY.isoformat(),
                    limit=500,
                )["items"]
                for plan in plans
            ],
        }


def without_metadata(answer):
    if isinstance(answer, dict):
        return {
            name: without_metadata(value)
            for name, value in answer.items()
            if name != "ResponseMetadata"
        }
    if isinstance(answer, list):
        return [without_metadata(value) for value in answer]
    return answer


class Adopt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        server = WeirProcess("--offset=start-day")
        client = server.client()
        cls.values = [f"adopted-{i}-0123456789abcdef" for i in range(3)]
        gold = client.create_usage_plan(
            name="gold",
            description="für alle",
            apiStages=[
                {
                    "apiId": "shop",
                    "stage": "prod",
                    "throttle": {"/pets/GET": {"rateLimit": 0.5, "burstLimit": 3}},
                }
            ],
            throttle={"rateLimit": 100, "burstLimit": 200},
            quota={"limit": 1000, "period": "MONTH", "offset": 3},
            tags={"team": "pets"},
        )["id"]
        free = client.create_usage_plan(
            name="free",
            apiStages=[{"apiId": "shop", "stage": "test"}],
            quota={"limit": 5, "period": "DAY"},
        )["id"]
        keys = [
            client.create_api_key(
                name=f"key {i}", value=value, enabled=i < 2, tags={"n": str(i)}
            )["id"]
            for i, value in enumerate(cls.values)
        ]
        for plan, key in ((gold, 0), (gold, 1), (gold, 2), (free, 0)):
            client.create_usage_plan_key(usagePlanId=plan, keyId=keys[key], keyType="API_KEY")

        def call(key, stage, times):
            for _ in range(times):
                status, _, _ = server.request(
                    "GET",
                    f"/shop/{stage}/x",
                    headers={"x-api-key": cls.values[key]},
                    credentials=None,
                )
                assert status == 200, status

        call(0, "prod", 3)
        call(0, "test", 5)
        call(1, "prod", 2)
        client.update_usage(
            usagePlanId=gold,
            keyId=keys[1],
            patchOperations=[{"op": "replace", "path": "/remaining", "value": "1"}],
        )
        cls.expected = without_metadata(everything(server))
        client.close()

        cls.dump = os.path.join(new_folder(), "dump")
        tools = new_folder()
        # The commands name no endpoint.
        with open(os.path.join(tools, "aws"), "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o700)
            file.write(f'#!/bin/sh\nexec /usr/bin/aws --endpoint-url {server.url} "$@"\n')
        made = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands_of_the_docs()],
            cwd=os.path.dirname(cls.dump),
            env={**os.environ, **ENVIRONMENT, "PATH": f"{tools}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert made.returncode == 0, made
        cls.gold, cls.free, cls.keys = gold, free, keys
        assert server.stop() == 0

    def copy_of_the_dump(self):
        folder = os.path.join(new_folder(), "dump")
        shutil.copytree(self.dump, folder)
        return folder

    def test_another_server_goes_on(self):
        store = os.path.join(new_folder(), "store")
        result = adopt(f"--store={store}", self.dump)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("adopted 2 plans, 3 keys and 4 associations, 3 of them used", result.stdout)
        self.assertIn(f"weir serve --store={store} --offset=start-day", result.stdout)
        self.assertIn(f"kept as an extension: {self.keys[1]} of {self.gold}\n", result.stdout)
        for value in self.values:
            self.assertNotIn(value, result.stdout)

        server = WeirProcess("--offset=start-day", store=store)
        self.assertEqual(without_metadata(everything(server)), self.expected)

        def status(key, stage):
            answer = server.request(
                "GET",
                f"/shop/{stage}/x",
                headers={"x-api-key": self.values[key]},
                credentials=None,
            )
            return answer[0]

        self.assertEqual(status(0, "prod"), 200)
        self.assertEqual(status(0, "test"), 429)  # all five are used
        self.assertEqual([status(1, "prod"), status(1, "prod")], [200, 429])
        self.assertEqual(status(2, "prod"), 403)  # disabled
        self.assertEqual(server.stop(), 0)

        again = adopt(f"--store={store}", self.dump)
        self.assertEqual(again.returncode, 1)
        self.assertIn("is there already", again.stderr)

    def test_a_dry_run_writes_nothing(self):
        before = sorted(os.listdir(self.dump))
        result = adopt("--dry-run", "--output=json", self.dump)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        report = json.loads(result.stdout)
        self.assertEqual(report["adopted"], False)
        self.assertEqual((report["plans"], report["keys"], report["associations"]), (2, 3, 4))
        self.assertEqual(report["lastDate"], TODAY.isoformat())
        self.assertIn(
            {"what": "keys that are disabled", "of": [self.keys[2]]}, report["notes"]
        )
        self.assertEqual(sorted(os.listdir(self.dump)), before)

    def test_what_is_not_whole_leaves_no_store(self):
        for name, message in (
            (f"usage-{self.free}.json", f"the usage of plan {self.free} is missing"),
            ("get-api-keys.json", "that get-api-keys does not have"),
            ("get-usage-plans.json", "there are no usage plans in it"),
        ):
            folder = self.copy_of_the_dump()
            os.remove(os.path.join(folder, name))
            parent = new_folder()
            result = adopt(f"--store={parent}/store", folder)
            self.assertEqual((result.returncode, result.stdout), (1, ""), name)
            self.assertIn(message, result.stderr)
            self.assertEqual(os.listdir(parent), [])
            for value in self.values:
                self.assertNotIn(value, result.stderr)

    def test_files_that_cannot_be_read(self):
        result = adopt("--dry-run", "/nowhere")
        self.assertEqual(result.returncode, 2)
        self.assertIn("/nowhere: No such file", result.stderr)
        self.assertEqual(adopt(self.dump).returncode, 2)  # no --store
        folder = self.copy_of_the_dump()
        os.mkdir(os.path.join(folder, "more.json"))
        result = adopt("--dry-run", folder)
        self.assertEqual(result.returncode, 2)
        self.assertIn("more.json: Is a directory", result.stderr)


if __name__ == "__main__":
    unittest.main()
