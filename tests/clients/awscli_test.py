#!/usr/bin/python3 -B
"""The AWS CLI against `weir serve`, the examples of its documentation included."""

import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
import unittest
import warnings

from weir_process import ADMIN, PATIENCE, REGION, ServerTest, arn, new_folder

# After the environment has been put in order, to which this adds.
import awscli.clidriver  # pylint: disable=wrong-import-order

UNKNOWN_PLAN = "Invalid Usage Plan ID specified"


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        assert self.code == 0, (self.code, self.out, self.err)
        return json.loads(self.out)


def environment():
    return {
        "AWS_ACCESS_KEY_ID": ADMIN.access_key,
        "AWS_SECRET_ACCESS_KEY": ADMIN.secret_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_DEFAULT_OUTPUT": "json",
        "AWS_PAGER": "",
    }


def run_forked(arguments):
    """What `aws` does with these arguments, without the second it takes to load."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            code = 99
            try:
                warnings.simplefilter("ignore")  # which unittest shows
                os.environ.update(environment())
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                code = awscli.clidriver.AWSCLIEntryPoint().main(arguments)
            except BaseException:  # pylint: disable=broad-except
                traceback.print_exc()
            finally:
                # The parent's handlers are not the child's.
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        status = os.waitpid(child, 0)[1]
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
        return Result(os.waitstatus_to_exitcode(status), *texts)


class AwsCli(ServerTest):
    def aws(self, command, *arguments):
        return run_forked(
            ["apigateway", command, "--endpoint-url", self.server.url, *arguments]
        )

    def refused(self, result, code, operation, message):
        self.assertEqual(result.code, 254)
        self.assertEqual(result.out, "")
        self.assertEqual(
            result.err.strip(),
            f"An error occurred ({code}) when calling the {operation} operation: {message}",
        )

    def test_a_plan_as_the_documentation_has_it(self):
        plan = self.aws(
            "create-usage-plan",
            *("--name", "New Usage Plan"),
            *("--description", "A new usage plan"),
            *("--throttle", "burstLimit=10,rateLimit=5"),
            *("--quota", "limit=500,offset=0,period=MONTH"),
        ).json()
        identifier = plan["id"]
        self.assertEqual(
            plan,
            {
                "id": identifier,
                "name": "New Usage Plan",
                "description": "A new usage plan",
                "apiStages": [],
                "throttle": {"burstLimit": 10, "rateLimit": 5.0},
                "quota": {"limit": 500, "offset": 0, "period": "MONTH"},
            },
        )
        at = ("--usage-plan-id", identifier)
        for operation, member, value in (
            ('op=replace,path=/quota/period,value=WEEK', "quota", ("period", "WEEK")),
            ('op="replace",path="/quota/period",value="MONTH"', "quota", ("period", "MONTH")),
            ('op="replace",path="/quota/limit",value="600"', "quota", ("limit", 600)),
            ('op="replace",path="/throttle/rateLimit",value="10"', "throttle", ("rateLimit", 10)),
            ('op="replace",path="/throttle/burstLimit",value="20"', "throttle", ("burstLimit", 20)),
        ):
            changed = self.aws("update-usage-plan", *at, "--patch-operations", operation).json()
            self.assertEqual(changed[member][value[0]], value[1])
        # Several at once, in both of the CLI's notations.
        changed = self.aws(
            "update-usage-plan",
            *at,
            "--patch-operations",
            "op=add,path=/apiStages,value=shop:prod",
            "op=replace,path=/apiStages/shop:prod/throttle//pets/GET/rateLimit,value=0.5",
        ).json()
        self.assertEqual(
            changed["apiStages"][0]["throttle"]["/pets/GET"]["rateLimit"], 0.5
        )
        changed = self.aws(
            "update-usage-plan",
            *at,
            "--patch-operations",
            json.dumps(
                [
                    {
                        "op": "replace",
                        "path": "/apiStages/shop:prod/throttle",
                        "value": '{"//GET":{"rateLimit":1.0,"burstLimit":1}}',
                    }
                ]
            ),
        ).json()
        self.assertEqual(
            changed["apiStages"][0]["throttle"],
            {"//GET": {"rateLimit": 1.0, "burstLimit": 1}},
        )
        self.assertEqual(self.aws("get-usage-plan", *at).json(), changed)

        self.refused(
            self.aws("delete-usage-plan", *at),
            "BadRequestException",
            "DeleteUsagePlan",
            f"Cannot delete Usage Plan {identifier} because there are API Stages "
            "associated with it, including shop:prod",
        )
        self.aws(
            "update-usage-plan",
            *at,
            "--patch-operations",
            "op=remove,path=/apiStages,value=shop:prod",
        ).json()
        gone = self.aws("delete-usage-plan", *at)
        self.assertEqual((gone.code, gone.out, gone.err), (0, "", ""))
        self.refused(
            self.aws("get-usage-plan", *at), "NotFoundException", "GetUsagePlan", UNKNOWN_PLAN
        )

    def test_keys_and_usage(self):
        value = "mobile-0123456789abcdef"
        key = self.aws(
            "create-api-key",
            *("--name", "Dev API Key", "--description", "Used for development"),
            *("--enabled", "--generate-distinct-id", "--value", value),
            *("--stage-keys", "restApiId=a1b2c3d4e5,stageName=dev"),
            *("--tags", "team=app"),
        ).json()
        self.assertEqual(key["stageKeys"], ["a1b2c3d4e5/dev"])
        self.assertEqual(key["tags"], {"team": "app"})
        # The CLI writes the date in words.
        created = datetime.datetime.fromisoformat(key["createdDate"])
        self.assertLess(abs(created.timestamp() - time.time()), 120)
        read = self.aws("get-api-key", "--api-key", key["id"], "--include-value").json()
        self.assertEqual(read, key)
        updated = self.aws(
            "update-api-key",
            *("--api-key", key["id"], "--patch-operations"),
            'op="replace",path="/name",value="newName"',
        ).json()
        self.assertEqual(updated["name"], "newName")

        plan = self.aws(
            "create-usage-plan",
            *("--name", "counted", "--quota", "limit=100,period=MONTH"),
            *("--api-stages", "apiId=cli,stage=prod"),
        ).json()["id"]
        association = self.aws(
            "create-usage-plan-key",
            *("--usage-plan-id", plan, "--key-type", "API_KEY", "--key-id", key["id"]),
        ).json()
        self.assertEqual(association["name"], "newName")
        both = ("--usage-plan-id", plan, "--key-id", key["id"])
        self.assertEqual(
            self.aws("get-usage-plan-key", *both).json()["id"], key["id"]
        )
        listed = self.aws("get-usage-plan-keys", "--usage-plan-id", plan).json()["items"]
        self.assertEqual([one["id"] for one in listed], [key["id"]])

        for _ in range(3):
            self.server.request(
                "GET", "/cli/prod/x", headers={"x-api-key": value}, credentials=None
            )
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        usage = self.aws(
            "get-usage",
            *("--usage-plan-id", plan, "--start-date", today, "--end-date", today),
        ).json()
        self.assertEqual(
            usage,
            {
                "usagePlanId": plan,
                "startDate": today,
                "endDate": today,
                "items": {key["id"]: [[3, 97]]},
            },
        )
        more = self.aws(
            "update-usage",
            *both,
            *("--patch-operations", 'op="replace",path="/remaining",value="50"'),
        ).json()
        self.assertEqual(more["items"], {key["id"]: [[3, 50]]})

        for command in (
            ("delete-usage-plan-key", *both),
            ("delete-api-key", "--api-key", key["id"]),
        ):
            gone = self.aws(*command)
            self.assertEqual((gone.code, gone.out, gone.err), (0, "", ""))
        self.refused(
            self.aws("get-api-key", "--api-key", key["id"]),
            "NotFoundException",
            "GetApiKey",
            "Invalid API Key identifier specified",
        )

    def test_lists_in_pieces(self):
        plan = self.aws("create-usage-plan", "--name", "pieces").json()["id"]
        path = os.path.join(new_folder(), "keys.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("Name,key,description,Enabled,usageplanIds\n")
            for i in range(30):
                file.write(f"piece-{i:02},piece-{i:02}-0123456789abcdef,,true,{plan}\n")
        imported = self.aws(
            "import-api-keys",
            *("--body", f"fileb://{path}", "--format", "csv", "--fail-on-warnings"),
        ).json()
        self.assertEqual(len(imported["ids"]), 30)
        # The CLI cannot put pages of usage together.
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        dates = ("--start-date", today, "--end-date", today)
        usage = self.aws("get-usage", "--usage-plan-id", plan, *dates).json()
        self.assertEqual(sorted(usage["items"]), sorted(imported["ids"]))

        named = ("--name-query", "piece-2")
        whole = self.aws("get-api-keys", *named, "--page-size", "3").json()["items"]
        self.assertEqual(
            [one["id"] for one in whole], list(reversed(imported["ids"][20:]))
        )
        first = self.aws("get-api-keys", *named, "--max-items", "3", "--page-size", "2").json()
        rest = self.aws("get-api-keys", *named, "--starting-token", first["NextToken"]).json()
        self.assertEqual(first["items"] + rest["items"], whole)
        one = self.aws("get-api-keys", *named, "--no-paginate", "--limit", "1").json()
        self.assertEqual(one["items"], whole[:1])
        words = self.aws(
            "get-api-keys", *named, "--include-values", "--query", "items[].value", "--output", "text"
        )
        self.assertEqual(
            sorted(words.out.split()),
            [f"piece-{i}-0123456789abcdef" for i in range(20, 30)],
        )
        self.assertIn("items", self.aws("get-usage-plans", "--page-size", "1").json())

    def test_tags(self):
        plan = self.aws("create-usage-plan", "--name", "tagged").json()["id"]
        at = ("--resource-arn", arn("usageplans", plan))
        for command in (
            ("tag-resource", *at, "--tags", "team=pets,tier=gold"),
            ("untag-resource", *at, "--tag-keys", "team"),
        ):
            done = self.aws(*command)
            self.assertEqual((done.code, done.out, done.err), (0, "", ""))
        self.assertEqual(self.aws("get-tags", *at).json(), {"tags": {"tier": "gold"}})

    def test_the_program_itself(self):
        result = subprocess.run(
            ["/usr/bin/aws", "apigateway", "update-usage-plan"]
            + ["--endpoint-url", self.server.url, "--usage-plan-id", "none"]
            + ["--patch-operations", "op=replace,path=/name,value=x"],
            env={**os.environ, **environment()},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.refused(
            Result(result.returncode, result.stdout, result.stderr),
            "NotFoundException",
            "UpdateUsagePlan",
            UNKNOWN_PLAN,
        )


if __name__ == "__main__":
    unittest.main()
