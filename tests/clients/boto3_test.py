#!/usr/bin/python3 -B
"""boto3 against `weir serve`: every operation, as its users have it."""

import contextlib
import datetime
import http.client
import json
import os
import re
import time
import unittest
from unittest import mock

import botocore.exceptions

from weir_process import (
    ADMIN,
    READER,
    Credentials,
    ServerTest,
    WeirProcess,
    arn,
    new_folder,
    signed,
    write_certificate,
)

UNKNOWN_PLAN = "Invalid Usage Plan ID specified"
UNKNOWN_KEY = "Invalid API Key identifier specified"


class ClientTest(ServerTest):
    """What the tests below have in common."""

    @contextlib.contextmanager
    def refused(self, code, message=None, client=None):
        """The call within fails like this; a pattern matches anywhere."""
        with self.assertRaises((client or self.client).exceptions.ClientError) as caught:
            yield
        response = caught.exception.response
        status = {
            "BadRequestException": 400,
            "UnauthorizedException": 401,
            "AccessDeniedException": 403,
            "NotFoundException": 404,
            "ConflictException": 409,
            "ServiceUnavailableException": 503,
        }[code]
        self.assertEqual(response["Error"]["Code"], code)
        self.assertEqual(type(caught.exception).__name__, code)
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], status)
        self.assertTrue(response["ResponseMetadata"]["RequestId"])
        if isinstance(message, re.Pattern):
            self.assertRegex(response["Error"]["Message"], message)
        elif message is not None:
            self.assertEqual(response["Error"]["Message"], message)

    def answer(self, status, response):
        """`response` without its metadata, which say `status`."""
        metadata = response.pop("ResponseMetadata")
        self.assertEqual(metadata["HTTPStatusCode"], status)
        self.assertTrue(metadata["RequestId"])
        return response

    def new_plan(self, name="plan", **members):
        return self.client.create_usage_plan(name=name, **members)["id"]

    def new_key(self, name="key", **members):
        return self.client.create_api_key(name=name, **members)["id"]

    def attach(self, plan, key):
        self.client.create_usage_plan_key(
            usagePlanId=plan, keyId=key, keyType="API_KEY"
        )

    def patch(self, plan, *operations):
        return self.client.update_usage_plan(
            usagePlanId=plan, patchOperations=operations_of(operations)
        )


def operations_of(operations):
    """From ("replace", "/name", "x") or ("remove", "/quota")."""
    return [dict(zip(("op", "path", "value"), one)) for one in operations]


class UsagePlans(ClientTest):
    def test_create_says_what_it_made(self):
        made = self.answer(
            201,
            self.client.create_usage_plan(
                name="gold",
                description="for the few",
                apiStages=[
                    {
                        "apiId": "shop",
                        "stage": "prod",
                        "throttle": {"/pets/GET": {"rateLimit": 0.1, "burstLimit": 2}},
                    },
                    {"apiId": "shop", "stage": "test"},
                ],
                throttle={"rateLimit": 10, "burstLimit": 20},
                quota={"limit": 500, "period": "MONTH"},
                tags={"team": "pets"},
            ),
        )
        plan = made.pop("id")
        self.assertRegex(plan, r"^[A-Za-z0-9]+$")
        self.assertEqual(
            made,
            {
                "name": "gold",
                "description": "for the few",
                "apiStages": [
                    {
                        "apiId": "shop",
                        "stage": "prod",
                        "throttle": {"/pets/GET": {"rateLimit": 0.1, "burstLimit": 2}},
                    },
                    {"apiId": "shop", "stage": "test"},
                ],
                "throttle": {"rateLimit": 10.0, "burstLimit": 20},
                "quota": {"limit": 500, "offset": 0, "period": "MONTH"},
                "tags": {"team": "pets"},
            },
        )
        self.assertIsInstance(made["throttle"]["rateLimit"], float)
        self.assertIsInstance(made["throttle"]["burstLimit"], int)
        self.assertIsInstance(made["quota"]["limit"], int)
        read = self.answer(200, self.client.get_usage_plan(usagePlanId=plan))
        self.assertEqual(read, {"id": plan, **made})

    def test_a_bare_plan_has_bare_answers(self):
        made = self.answer(201, self.client.create_usage_plan(name="bare"))
        plan = made["id"]
        bare = {"id": plan, "name": "bare", "apiStages": []}
        self.assertEqual(made, bare)
        read = self.answer(200, self.client.get_usage_plan(usagePlanId=plan))
        self.assertEqual(read, {**bare, "tags": {}})
        updated = self.answer(200, self.patch(plan, ("replace", "/name", "bare")))
        self.assertEqual(updated, {**bare, "tags": {}})
        listed = self.client.get_usage_plans(limit=500)["items"]
        self.assertIn(bare, listed)

    def test_a_quota_of_zero_suspends(self):
        plan = self.new_plan(quota={"limit": 0, "period": "DAY"})
        self.assertEqual(
            self.client.get_usage_plan(usagePlanId=plan)["quota"],
            {"limit": 0, "offset": 0, "period": "DAY"},
        )

    def test_what_no_request_can_reach(self):
        for api in ("metrics", "usageplans", "restapis", "-"):
            with self.refused("BadRequestException", re.compile(api)):
                self.client.create_usage_plan(
                    name="p", apiStages=[{"apiId": api, "stage": "prod"}]
                )

    def test_operations_that_are_not_there(self):
        for call in (
            self.client.get_rest_apis,
            self.client.get_account,
            self.client.get_domain_names,
            self.client.get_sdk_types,
        ):
            with self.refused("NotFoundException"):
                call()

    def test_a_throttle_of_zero_stays(self):
        plan = self.new_plan(throttle={"rateLimit": 0, "burstLimit": 0})
        read = self.client.get_usage_plan(usagePlanId=plan)
        self.assertEqual(read["throttle"], {"rateLimit": 0.0, "burstLimit": 0})

    def test_every_path_of_a_patch(self):
        plan = self.new_plan()

        def after(*operations):
            answer = self.answer(200, self.patch(plan, *operations))
            self.assertEqual(
                answer, self.answer(200, self.client.get_usage_plan(usagePlanId=plan))
            )
            return answer

        self.assertEqual(after(("replace", "/name", "silver"))["name"], "silver")
        self.assertEqual(after(("replace", "/description", "d"))["description"], "d")
        self.assertNotIn("description", after(("replace", "/description", "")))
        self.assertEqual(after(("add", "/productCode", "p"))["productCode"], "p")
        self.assertEqual(after(("replace", "/productCode", "q"))["productCode"], "q")
        self.assertNotIn("productCode", after(("remove", "/productCode")))

        # Neither is there yet.
        limits = after(
            ("replace", "/throttle/burstLimit", "20"),
            ("replace", "/throttle/rateLimit", "0.1"),
            ("replace", "/quota/limit", "500"),
            ("replace", "/quota/period", "WEEK"),
        )
        self.assertEqual(limits["throttle"], {"burstLimit": 20, "rateLimit": 0.1})
        self.assertEqual(
            limits["quota"], {"limit": 500, "offset": 0, "period": "WEEK"}
        )
        self.assertEqual(after(("add", "/quota/offset", "3"))["quota"]["offset"], 3)
        self.assertEqual(after(("add", "/throttle/rateLimit", "7"))["throttle"]["rateLimit"], 7)

        self.assertEqual(
            after(("add", "/apiStages", "shop:prod"))["apiStages"],
            [{"apiId": "shop", "stage": "prod"}],
        )
        at = "/apiStages/shop:prod/throttle"
        for spelling in ("//pets/GET", "/~1pets/GET", "/pets/GET"):
            methods = after(
                ("replace", at + spelling + "/rateLimit", "1.5"),
                ("add", at + spelling + "/burstLimit", "3"),
            )["apiStages"][0]["throttle"]
            self.assertEqual(methods, {"/pets/GET": {"rateLimit": 1.5, "burstLimit": 3}})
            self.assertFalse(
                after(("remove", at + spelling))["apiStages"][0].get("throttle")
            )
        for spelling in ("//GET", "/~1/GET"):
            methods = after(("add", at + spelling + "/burstLimit", "3"))
            self.assertIn("//GET", methods["apiStages"][0]["throttle"])
            after(("remove", at + spelling, ""))
        whole = '{"/a/{id}/PUT":{"rateLimit":1.0,"burstLimit":1},"//ANY":{"rateLimit":2}}'
        self.assertEqual(
            set(after(("replace", at, whole))["apiStages"][0]["throttle"]),
            {"/a/{id}/PUT", "//ANY"},
        )
        self.assertFalse(after(("remove", at))["apiStages"][0].get("throttle"))
        self.assertEqual(after(("remove", "/apiStages", "shop:prod"))["apiStages"], [])
        self.assertNotIn("throttle", after(("remove", "/throttle")))
        self.assertNotIn("quota", after(("remove", "/quota")))

    def test_a_patch_is_all_or_nothing(self):
        plan = self.new_plan()
        with self.refused("BadRequestException"):
            self.patch(plan, ("replace", "/name", "no"), ("replace", "/quota/limit", "5"))
        self.assertEqual(self.client.get_usage_plan(usagePlanId=plan)["name"], "plan")

    def test_an_empty_patch_changes_nothing(self):
        plan = self.new_plan()
        answer = self.answer(200, self.client.update_usage_plan(usagePlanId=plan))
        self.assertEqual(answer["id"], plan)

    def test_delete(self):
        plan = self.new_plan()
        self.assertEqual(
            self.answer(202, self.client.delete_usage_plan(usagePlanId=plan)), {}
        )
        with self.refused("NotFoundException", UNKNOWN_PLAN):
            self.client.get_usage_plan(usagePlanId=plan)

    def test_what_is_wrong_with_a_plan(self):
        plan = self.new_plan(
            apiStages=[{"apiId": "a", "stage": "s"}],
            throttle={"rateLimit": 1, "burstLimit": 1},
        )
        period = (
            "Invalid Usage Plan quota period specified. "
            "Must be one of [DAY, WEEK, MONTH]"
        )
        limit = "Usage Plan quota limit must be a non-negative numeric"
        fine_grain = (
            "Can not define fine grain throttling if usage plan throttle is not defined."
        )
        method_throttle = {"/pets/GET": {"rateLimit": 1, "burstLimit": 1}}
        for message, members in (
            (period, {"quota": {"limit": 5, "period": "YEAR"}}),
            (period, {"quota": {"limit": 5}}),
            (limit, {"quota": {"period": "DAY"}}),
            (limit, {"quota": {"limit": -1, "period": "DAY"}}),
            (
                fine_grain,
                {"apiStages": [{"apiId": "a", "stage": "s", "throttle": method_throttle}]},
            ),
            (
                "Invalid method {resourcePath: /pets,method: FETCH} specified",
                {
                    "apiStages": [
                        {
                            "apiId": "a",
                            "stage": "s",
                            "throttle": {"/pets/FETCH": {"rateLimit": 1}},
                        }
                    ],
                    "throttle": {"rateLimit": 1, "burstLimit": 1},
                },
            ),
            (re.compile("Invalid API Stage"), {"apiStages": [{"apiId": "", "stage": ""}]}),
            (re.compile("Invalid API Stage"), {"apiStages": [{"apiId": "a"}]}),
        ):
            with self.subTest(members=members), self.refused("BadRequestException", message):
                self.client.create_usage_plan(name="wrong", **members)

        removable = (
            "/apiStages, /quota, /throttle, /productCode, "
            "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, "
            "/apiStages/<apidId:stageName>/throttle"
        )
        for code, message, operations in (
            (
                "BadRequestException",
                "Invalid patch path  '/name' specified for op 'remove'. "
                f"Must be one of: [{removable}]",
                [("remove", "/name")],
            ),
            (
                "BadRequestException",
                re.compile(
                    r"^Invalid patch path  '/throttle' specified for op 'replace'\. "
                    r"Must be one of: \[.*/name.*\]$"
                ),
                [("replace", "/throttle", "{}")],
            ),
            ("BadRequestException", "Invalid API Stage specified", [("remove", "/apiStages")]),
            (
                "BadRequestException",
                "Invalid API Stage specified",
                [("remove", "/apiStages", "a")],
            ),
            (
                "NotFoundException",
                "Invalid API Stage {api: a, stage: t} specified for usageplan " + plan,
                [("remove", "/apiStages", "a:t")],
            ),
            ("BadRequestException", period, [("replace", "/quota/limit", "5")]),
            ("BadRequestException", limit, [("replace", "/quota/period", "DAY")]),
            (
                "BadRequestException",
                fine_grain,
                [
                    ("add", "/apiStages/a:s/throttle//pets/GET/rateLimit", "1"),
                    ("remove", "/throttle"),
                ],
            ),
            ("BadRequestException", None, [("replace", "/throttle/rateLimit", "fast")]),
            ("BadRequestException", None, [("copy", "/name")]),
        ):
            with self.subTest(operations=operations), self.refused(code, message):
                self.patch(plan, *operations)

        with self.refused(
            "BadRequestException",
            f"Cannot delete Usage Plan {plan} because there are API Stages "
            "associated with it, including a:s",
        ):
            self.client.delete_usage_plan(usagePlanId=plan)
        with self.refused("NotFoundException", UNKNOWN_PLAN):
            self.client.update_usage_plan(
                usagePlanId="none",
                patchOperations=operations_of([("replace", "/name", "x")]),
            )
        with self.refused("NotFoundException", UNKNOWN_PLAN):
            self.client.delete_usage_plan(usagePlanId="none")

    def test_pages_are_whole(self):
        key = self.new_key()
        plans = [self.new_plan(f"page-{i}") for i in range(7)]
        for plan in plans:
            self.attach(plan, key)
        paginator = self.client.get_paginator("get_usage_plans")
        for size in (1, 3, 7, 500):
            found = []
            for page in paginator.paginate(keyId=key, PaginationConfig={"PageSize": size}):
                self.assertLessEqual(len(page["items"]), size)
                found += [plan["id"] for plan in page["items"]]
            self.assertEqual(sorted(found), sorted(plans))
        # And a page can be gone back to.
        pages = paginator.paginate(keyId=key, PaginationConfig={"MaxItems": 4, "PageSize": 2})
        first = pages.build_full_result()
        rest = paginator.paginate(
            keyId=key, PaginationConfig={"StartingToken": first["NextToken"]}
        ).build_full_result()
        self.assertEqual(
            sorted(plan["id"] for plan in first["items"] + rest["items"]), sorted(plans)
        )

    def test_a_position_that_is_none(self):
        with self.refused("BadRequestException"):
            self.client.get_usage_plans(position="a/b==")


class OffsetsAsDays(ClientTest):
    flags = ("--offset=start-day",)

    def test_what_is_wrong_with_an_offset(self):
        for period, offset, message in (
            ("DAY", 1, "Usage Plan quota offset must be zero in the DAY period"),
            (
                "WEEK",
                7,
                "Usage Plan quota offset must be between 0 and 6 inclusive "
                "in the WEEK period",
            ),
            (
                "MONTH",
                28,
                "Usage Plan quota offset must be between 0 and 27 inclusive "
                "in the MONTH period",
            ),
        ):
            with self.refused("BadRequestException", message):
                self.client.create_usage_plan(
                    name="p", quota={"limit": 5, "offset": offset, "period": period}
                )
            plan = self.new_plan(
                quota={"limit": 5, "offset": max(offset - 1, 0), "period": period}
            )
            with self.refused("BadRequestException", message):
                self.patch(plan, ("replace", "/quota/offset", str(offset)))


class ApiKeys(ClientTest):
    def test_create_says_what_it_made(self):
        before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        made = self.answer(
            201,
            self.client.create_api_key(
                name="mobile",
                description="the app",
                enabled=True,
                value="mobile-0123456789abcdef",
                customerId="c-1",
                tags={"team": "app"},
            ),
        )
        key = made.pop("id")
        created, updated = made.pop("createdDate"), made.pop("lastUpdatedDate")
        self.assertEqual(created, updated)
        self.assertLessEqual(before, created)
        self.assertLess(created - before, datetime.timedelta(minutes=2))
        self.assertEqual(
            made,
            {
                "name": "mobile",
                "description": "the app",
                "enabled": True,
                "value": "mobile-0123456789abcdef",
                "customerId": "c-1",
                "stageKeys": [],
                "tags": {"team": "app"},
            },
        )
        read = self.answer(200, self.client.get_api_key(apiKey=key))
        self.assertNotIn("value", read)
        self.assertEqual(read["createdDate"], created)
        read = self.client.get_api_key(apiKey=key, includeValue=True)
        self.assertEqual(read["value"], "mobile-0123456789abcdef")
        self.assertEqual(read["tags"], {"team": "app"})

    def test_a_bare_key(self):
        made = self.client.create_api_key()
        self.assertFalse(made["enabled"])
        self.assertGreaterEqual(len(made["value"]), 20)
        self.assertEqual(made["stageKeys"], [])
        self.assertNotIn("tags", made)
        read = self.client.get_api_key(apiKey=made["id"], includeValue=True)
        self.assertEqual(read["value"], made["value"])
        self.assertEqual(read["tags"], {})
        # "" is what Terraform sends for a value that it leaves to us.
        self.assertGreaterEqual(len(self.client.create_api_key(value="")["value"]), 20)

    def test_a_distinct_id(self):
        same = self.client.create_api_key(
            name="k", value="same-0123456789abcdef0", generateDistinctId=False
        )
        self.assertTrue(same["id"])
        distinct = self.client.create_api_key(
            name="k", value="distinct-0123456789abcdef", generateDistinctId=True
        )
        self.assertNotEqual(distinct["id"], distinct["value"])

    def test_stage_keys(self):
        made = self.client.create_api_key(
            name="staged", stageKeys=[{"restApiId": "api", "stageName": "prod"}]
        )
        self.assertEqual(made["stageKeys"], ["api/prod"])
        key = made["id"]

        def after(op, value):
            return self.client.update_api_key(
                apiKey=key, patchOperations=operations_of([(op, "/stages", value)])
            )["stageKeys"]

        self.assertEqual(sorted(after("add", "api/test")), ["api/prod", "api/test"])
        self.assertEqual(after("remove", "api/prod"), ["api/test"])
        self.assertEqual(self.client.get_api_key(apiKey=key)["stageKeys"], ["api/test"])

    def test_update(self):
        key = self.new_key(enabled=True)
        made = self.client.get_api_key(apiKey=key)
        time.sleep(1.1)  # a date is a whole second
        updated = self.answer(
            200,
            self.client.update_api_key(
                apiKey=key,
                patchOperations=operations_of(
                    [
                        ("replace", "/name", "new"),
                        ("replace", "/description", "d"),
                        ("replace", "/enabled", "false"),
                        ("replace", "/customerId", "c-2"),
                    ]
                ),
            ),
        )
        self.assertGreater(updated.pop("lastUpdatedDate"), made.pop("lastUpdatedDate"))
        self.assertEqual(
            updated,
            {
                "id": key,
                "name": "new",
                "description": "d",
                "enabled": False,
                "customerId": "c-2",
                "createdDate": made["createdDate"],
                "stageKeys": [],
                "tags": {},
            },
        )
        for value, enabled in (("true", True), ("perhaps", False)):
            answer = self.client.update_api_key(
                apiKey=key,
                patchOperations=operations_of([("replace", "/enabled", value)]),
            )
            self.assertIs(answer["enabled"], enabled)
        for path in ("/name", "/description", "/enabled", "/customerId"):
            with self.refused("BadRequestException"):
                self.client.update_api_key(
                    apiKey=key, patchOperations=operations_of([("replace", path)])
                )

    def test_what_is_wrong_with_a_key(self):
        value = "taken-0123456789abcdef"
        key = self.new_key(value=value)
        for code, message, members in (
            ("ConflictException", "API Key already exists", {"value": value}),
            (
                "BadRequestException",
                "API Key value should be at least 20 characters",
                {"value": "x" * 19},
            ),
            (
                "BadRequestException",
                "API Key value exceeds maximum size of 128 characters",
                {"value": "x" * 129},
            ),
            (
                "BadRequestException",
                "Invalid API Key name, can be at most 1024 characters.",
                {"name": "x" * 1025},
            ),
            (
                "BadRequestException",
                "Invalid API Key description specified.",
                {"description": "x" * 125001},
            ),
        ):
            with self.subTest(message=message), self.refused(code, message):
                self.client.create_api_key(**members)
        with self.refused(
            "BadRequestException",
            "Invalid patch path  '/value' specified for op 'replace'. "
            "Must be one of: [/description, /enabled, /name, /customerId]",
        ):
            self.client.update_api_key(
                apiKey=key, patchOperations=operations_of([("replace", "/value", "x")])
            )
        for call in (
            self.client.get_api_key,
            self.client.update_api_key,
            self.client.delete_api_key,
        ):
            with self.refused("NotFoundException", UNKNOWN_KEY):
                call(apiKey="none")

    def test_delete(self):
        plan, key = self.new_plan(), self.new_key()
        self.attach(plan, key)
        self.assertEqual(self.answer(202, self.client.delete_api_key(apiKey=key)), {})
        with self.refused("NotFoundException", UNKNOWN_KEY):
            self.client.get_api_key(apiKey=key)
        self.assertEqual(self.client.get_usage_plan_keys(usagePlanId=plan)["items"], [])

    def test_lists(self):
        keys = [
            self.new_key(f"list-{i}", customerId=f"customer-{i % 2}") for i in range(6)
        ]
        other = self.new_key("List-0")
        newest_first = list(reversed(keys))

        def ids(**arguments):
            found = (
                self.client.get_paginator("get_api_keys")
                .paginate(**arguments)
                .build_full_result()["items"]
            )
            return [key["id"] for key in found]

        for size in (1, 2, 500):
            sized = {"PaginationConfig": {"PageSize": size}}
            self.assertEqual(ids(nameQuery="list-", **sized), newest_first)
            self.assertEqual(
                ids(customerId="customer-1", **sized), [keys[5], keys[3], keys[1]]
            )
        self.assertEqual(ids(nameQuery="list-5"), [keys[5]])
        self.assertEqual(ids(nameQuery="List-"), [other])
        self.assertEqual(ids(nameQuery="ist-"), [])
        self.assertLessEqual({*keys, other}, set(ids()))
        # The default, as in API Gateway.
        self.assertEqual(len(self.client.get_api_keys(nameQuery="list-", limit=-1)["items"]), 6)

        hidden = self.client.get_api_keys(nameQuery="list-")["items"]
        self.assertFalse([key for key in hidden if "value" in key])
        shown = self.client.get_api_keys(nameQuery="list-", includeValues=True)["items"]
        self.assertEqual(len({key["value"] for key in shown}), 6)
        self.assertNotIn("tags", shown[0])


class Import(ClientTest):
    def imported(self, text, **arguments):
        return self.answer(
            201,
            self.client.import_api_keys(body=text.encode(), format="csv", **arguments),
        )

    def key(self, identifier):
        return self.client.get_api_key(apiKey=identifier, includeValue=True)

    def test_columns_in_any_order_and_case(self):
        plans = [self.new_plan(f"import-{i}") for i in range(2)]
        result = self.imported(
            "DESCRIPTION,usageplanIds,Enabled,NAME,kEy\r\n"
            f'"says ""hi"", twice","{plans[0]},{plans[1]}",TRUE,first,first-0123456789abcdef\r\n'
            ",,false,second,second-0123456789abcdef\r\n"
        )
        self.assertEqual(len(result["ids"]), 2)
        self.assertFalse(result.get("warnings"))
        first, second = (self.key(identifier) for identifier in result["ids"])
        self.assertEqual(first["name"], "first")
        self.assertEqual(first["value"], "first-0123456789abcdef")
        self.assertEqual(first["description"], 'says "hi", twice')
        self.assertTrue(first["enabled"])
        self.assertEqual(second["name"], "second")
        self.assertFalse(second["enabled"])
        for plan in plans:
            keys = self.client.get_usage_plan_keys(usagePlanId=plan)["items"]
            self.assertEqual([key["id"] for key in keys], [first["id"]])

    def test_only_the_columns_that_must_be(self):
        result = self.imported("name,key\nbare,bare-import-0123456789\n")
        self.assertEqual(self.key(result["ids"][0])["value"], "bare-import-0123456789")

    def test_warnings(self):
        text = (
            "Key,Name\n"
            "warned-one-0123456789,one\n"
            "short,two\n"
            "warned-one-0123456789,one again\n"
            "warned-four-0123456789,four\n"
        )
        with self.refused("BadRequestException"):
            self.imported(text, failOnWarnings=True)
        self.assertEqual(self.client.get_api_keys(nameQuery="one")["items"], [])
        result = self.imported(text, failOnWarnings=False)
        names = [self.key(identifier)["name"] for identifier in result["ids"]]
        self.assertEqual(names, ["one again", "four"])
        self.assertEqual(len(result["warnings"]), 1)
        for warning in result["warnings"]:
            self.assertNotIn("warned-one-0123456789", warning)

    def test_the_same_key_again_is_overwritten(self):
        plans = [self.new_plan(f"overwrite-{i}") for i in range(2)]
        first = self.imported(
            "Key,name,description,Enabled,UsagePlanIds\n"
            f"overwritten-0123456789,old,text,false,'{plans[0]},{plans[1]}'\n"
        )["ids"]
        again = self.imported(
            "Key,name,owner,UsagePlanIds\n"
            f"overwritten-0123456789,O'Brien,nobody,{plans[1]}\n",
            failOnWarnings=True,
        )
        self.assertEqual(again["ids"], first)
        self.assertFalse(again.get("warnings"))
        key = self.key(first[0])
        self.assertEqual(key["name"], "O'Brien")
        self.assertTrue(key["enabled"])
        self.assertNotIn("description", key)
        for plan, expected in zip(plans, ([], first)):
            keys = self.client.get_usage_plan_keys(usagePlanId=plan)["items"]
            self.assertEqual([item["id"] for item in keys], expected)

    def test_rows_are_judged_one_by_one(self):
        result = self.imported(
            "Key,Name,Enabled\n"
            'judged-one-0123456789,"one,true\n'
            "judged-two-0123456789,two,yes\n"
            ",,\n"
            "judged-three-0123456789, three , TRUE \n"
        )
        self.assertEqual([self.key(i)["name"] for i in result["ids"]], ["three"])
        self.assertEqual(
            [warning.split(":")[0] for warning in result["warnings"]],
            ["line 2", "line 3", "line 4"],
        )

    def test_what_is_no_table(self):
        for text, column in (("/tmp/keys.csv", "Key"), ("key\nx\n", "Name")):
            with self.refused("BadRequestException", f"Missing required column '{column}'"):
                self.imported(text)
        for text in ("", "nonsense", "name,name,key\n", 'Key,Name\n"open,x\n'):
            with self.subTest(text=text), self.refused("BadRequestException"):
                self.imported(text, failOnWarnings=True)


class UsagePlanKeys(ClientTest):
    def test_life(self):
        plan = self.new_plan()
        key = self.client.create_api_key(name="k")
        made = self.answer(
            201,
            self.client.create_usage_plan_key(
                usagePlanId=plan, keyId=key["id"], keyType="API_KEY"
            ),
        )
        self.assertEqual(made["id"], key["id"])
        self.assertEqual(made["type"], "API_KEY")
        self.assertEqual(made["name"], "k")
        read = self.answer(
            200, self.client.get_usage_plan_key(usagePlanId=plan, keyId=key["id"])
        )
        self.assertEqual({**made, **read}, made)
        self.assertEqual(
            self.answer(
                202,
                self.client.delete_usage_plan_key(usagePlanId=plan, keyId=key["id"]),
            ),
            {},
        )
        for call in (self.client.get_usage_plan_key, self.client.delete_usage_plan_key):
            with self.refused("NotFoundException"):
                call(usagePlanId=plan, keyId=key["id"])

    def test_lists(self):
        plan = self.new_plan()
        keys = [self.new_key(f"{'ab'[i % 2]}-{i}") for i in range(5)]
        for key in keys:
            self.attach(plan, key)
        paginator = self.client.get_paginator("get_usage_plan_keys")

        def ids(**arguments):
            pages = paginator.paginate(usagePlanId=plan, **arguments)
            return [key["id"] for key in pages.build_full_result()["items"]]

        for size in (1, 2, 500):
            sized = {"PaginationConfig": {"PageSize": size}}
            self.assertEqual(ids(**sized), list(reversed(keys)))
            self.assertEqual(ids(nameQuery="a-", **sized), [keys[4], keys[2], keys[0]])
        self.assertEqual(ids(nameQuery="A-"), [])
        none = self.client.get_usage_plan_keys(usagePlanId="none")
        self.assertEqual(self.answer(200, none)["items"], [])

    def test_what_is_wrong(self):
        stage = {"apiId": "both", "stage": "s"}
        plan = self.new_plan(apiStages=[stage])
        rival = self.new_plan(apiStages=[stage])
        key = self.new_key()
        self.attach(plan, key)
        for code, message, arguments in (
            ("ConflictException", None, {"usagePlanId": plan, "keyId": key}),
            ("ConflictException", None, {"usagePlanId": rival, "keyId": key}),
            ("NotFoundException", UNKNOWN_PLAN, {"usagePlanId": "none", "keyId": key}),
            ("NotFoundException", UNKNOWN_KEY, {"usagePlanId": plan, "keyId": "none"}),
        ):
            with self.subTest(arguments=arguments), self.refused(code, message):
                self.client.create_usage_plan_key(keyType="API_KEY", **arguments)
        with self.refused("BadRequestException"):
            self.client.create_usage_plan_key(
                usagePlanId=self.new_plan(), keyId=key, keyType="PASSWORD"
            )

    def test_plans_of_a_key(self):
        key = self.new_key()
        plan = self.new_plan()
        self.attach(plan, key)
        self.new_plan()
        found = self.client.get_usage_plans(keyId=key)["items"]
        self.assertEqual([one["id"] for one in found], [plan])


class Usage(ClientTest):
    def setUp(self):
        self.plan = self.new_plan(
            apiStages=[{"apiId": self.id().rsplit(".", 1)[1], "stage": "s"}],
            quota={"limit": 10, "period": "DAY"},
        )
        now = datetime.datetime.now(datetime.timezone.utc)
        if now.hour == 23 and now.minute == 59 and now.second > 30:
            time.sleep(61 - now.second)  # not over midnight
        self.today = datetime.datetime.now(datetime.timezone.utc).date()

    def day(self, days_ago):
        return (self.today - datetime.timedelta(days=days_ago)).isoformat()

    def spend(self, value, requests):
        for _ in range(requests):
            self.server.request(
                "GET",
                f"/{self.id().rsplit('.', 1)[1]}/s/x",
                headers={"x-api-key": value},
                credentials=None,
            )

    def test_usage_by_day(self):
        key = self.client.create_api_key(name="u", enabled=True)
        self.attach(self.plan, key["id"])
        self.spend(key["value"], 3)
        usage = self.answer(
            200,
            self.client.get_usage(
                usagePlanId=self.plan, startDate=self.day(2), endDate=self.day(0)
            ),
        )
        self.assertEqual(
            usage,
            {
                "usagePlanId": self.plan,
                "startDate": self.day(2),
                "endDate": self.day(0),
                "items": {key["id"]: [[0, 10], [0, 10], [3, 7]]},
            },
        )

    def test_update(self):
        key = self.client.create_api_key(name="u", enabled=True)
        self.attach(self.plan, key["id"])
        self.spend(key["value"], 4)
        today = {
            "usagePlanId": self.plan,
            "startDate": self.day(0),
            "endDate": self.day(0),
            "items": {key["id"]: [[4, 50]]},
        }
        usage = self.answer(
            200,
            self.client.update_usage(
                usagePlanId=self.plan,
                keyId=key["id"],
                patchOperations=operations_of([("replace", "/remaining", "50")]),
            ),
        )
        self.assertEqual(usage, today)
        self.assertEqual(
            self.answer(
                200,
                self.client.get_usage(
                    usagePlanId=self.plan,
                    keyId=key["id"],
                    startDate=self.day(0),
                    endDate=self.day(0),
                ),
            ),
            today,
        )

    def test_pages_are_whole(self):
        keys = [self.new_key(f"u-{i}") for i in range(5)]
        for key in keys:
            self.attach(self.plan, key)
        for size in (1, 2, 500):
            found = []
            # botocore shows the pages, but cannot put their maps together.
            for page in self.client.get_paginator("get_usage").paginate(
                usagePlanId=self.plan,
                startDate=self.day(1),
                endDate=self.day(0),
                PaginationConfig={"PageSize": size},
            ):
                self.assertLessEqual(len(page["items"]), size)
                found += page["items"]
            self.assertEqual(sorted(found), sorted(keys))

    def test_what_is_wrong(self):
        key = self.new_key()
        self.attach(self.plan, key)
        dates = {"startDate": self.day(1), "endDate": self.day(0)}
        for code, message, arguments in (
            ("NotFoundException", UNKNOWN_PLAN, {"usagePlanId": "none", **dates}),
            (
                "NotFoundException",
                "Invalid Key identifier specified",
                {"keyId": "none", **dates},
            ),
            ("BadRequestException", None, {**dates, "startDate": "yesterday"}),
            ("BadRequestException", None, {**dates, "endDate": "2026-02-30"}),
            ("BadRequestException", None, {**dates, "endDate": self.day(2)}),
            ("BadRequestException", None, {**dates, "startDate": self.day(500)}),
        ):
            with self.subTest(arguments=arguments), self.refused(code, message):
                self.client.get_usage(**{"usagePlanId": self.plan, **arguments})
        for code, message, arguments, operation in (
            (
                "BadRequestException",
                "Invalid patch path  '/remaining' specified for op 'add'. "
                "Must be one of: []",
                {},
                ("add", "/remaining", "5"),
            ),
            ("BadRequestException", None, {}, ("replace", "/used", "5")),
            ("BadRequestException", None, {}, ("replace", "/remaining", "many")),
            ("NotFoundException", None, {"keyId": "none"}, ("replace", "/remaining", "5")),
            (
                "NotFoundException",
                UNKNOWN_PLAN,
                {"usagePlanId": "none"},
                ("replace", "/remaining", "5"),
            ),
        ):
            with self.subTest(operation=operation, **arguments), self.refused(code, message):
                self.client.update_usage(
                    **{"usagePlanId": self.plan, "keyId": key, **arguments},
                    patchOperations=operations_of([operation]),
                )


class Tags(ClientTest):
    def test_of_plans_and_keys(self):
        for name in (arn("usageplans", self.new_plan()), arn("apikeys", self.new_key())):
            with self.subTest(arn=name):
                self.assertEqual(
                    self.answer(200, self.client.get_tags(resourceArn=name)), {"tags": {}}
                )
                tags = {"team": "pets", "cost centre": "ä/+ &=%"}
                self.assertEqual(
                    self.answer(204, self.client.tag_resource(resourceArn=name, tags=tags)), {}
                )
                self.client.tag_resource(resourceArn=name, tags={"team": "toys", "x": ""})
                tags.update(team="toys", x="")
                self.assertEqual(self.client.get_tags(resourceArn=name)["tags"], tags)
                self.assertEqual(
                    self.answer(
                        204,
                        self.client.untag_resource(
                            resourceArn=name, tagKeys=["team", "cost centre", "absent"]
                        ),
                    ),
                    {},
                )
                self.assertEqual(self.client.get_tags(resourceArn=name)["tags"], {"x": ""})

    def test_are_shown_with_what_has_them(self):
        plan, key = self.new_plan(tags={"a": "b"}), self.new_key(tags={"a": "b"})
        self.client.tag_resource(resourceArn=arn("usageplans", plan), tags={"c": "d"})
        self.client.tag_resource(resourceArn=arn("apikeys", key), tags={"c": "d"})
        tags = {"a": "b", "c": "d"}
        self.assertEqual(self.client.get_usage_plan(usagePlanId=plan)["tags"], tags)
        self.assertEqual(self.client.get_api_key(apiKey=key)["tags"], tags)

    def test_what_is_wrong(self):
        for name in (arn("usageplans", "none"), arn("apikeys", "none")):
            for call in (
                lambda: self.client.get_tags(resourceArn=name),
                lambda: self.client.tag_resource(resourceArn=name, tags={"a": "b"}),
                lambda: self.client.untag_resource(resourceArn=name, tagKeys=["a"]),
            ):
                with self.refused("NotFoundException"):
                    call()
        for name in ("nonsense", "arn:aws:s3:::bucket"):
            with self.refused("BadRequestException"):
                self.client.get_tags(resourceArn=name)
        reserved = "Invalid tag key. Tag keys cannot start with 'aws:' (case insensitive)"
        for tags in ({"aws:a": ""}, {"b": "", "AWS:a": ""}):
            with self.refused("BadRequestException", reserved):
                self.client.create_usage_plan(name="p", tags=tags)
            with self.refused("BadRequestException", reserved):
                self.client.create_api_key(tags=tags)
        plan = arn("usageplans", self.new_plan())
        for tags in ({"k" * 129: "v"}, {"k": "v" * 257}, {str(i): "" for i in range(51)}):
            with self.refused("BadRequestException"):
                self.client.tag_resource(resourceArn=plan, tags=tags)
        self.assertEqual(self.client.get_tags(resourceArn=plan)["tags"], {})


class Callers(ClientTest):
    def unauthorized(self, client):
        return self.refused("UnauthorizedException", client=client)

    def test_a_wrong_secret(self):
        client = self.server.client(
            Credentials(ADMIN.access_key, "wrong")
        )
        with self.unauthorized(client):
            client.get_usage_plans()

    def test_an_unknown_access_key(self):
        client = self.server.client(
            Credentials("AKIANOBODY", ADMIN.secret_key)
        )
        with self.unauthorized(client):
            client.get_usage_plans()

    def test_a_clock_that_is_wrong(self):
        real = datetime.datetime
        for minutes, allowed in ((-6, False), (-4, True), (4, True), (6, False)):

            class Shifted(real):
                @classmethod
                def utcnow(cls, shift=datetime.timedelta(minutes=minutes)):
                    return real.utcnow() + shift

            with mock.patch("botocore.auth.datetime.datetime", Shifted):
                if allowed:
                    self.client.get_usage_plans()
                else:
                    with self.unauthorized(self.client):
                        self.client.get_usage_plans()

    def test_one_that_may_read(self):
        plan = self.new_plan()
        reader = self.server.client(READER)
        self.assertEqual(reader.get_usage_plan(usagePlanId=plan)["name"], "plan")
        for call in (
            lambda: reader.create_usage_plan(name="p"),
            lambda: reader.update_usage_plan(
                usagePlanId=plan,
                patchOperations=operations_of([("replace", "/name", "x")]),
            ),
            lambda: reader.delete_usage_plan(usagePlanId=plan),
            lambda: reader.tag_resource(
                resourceArn=arn("usageplans", plan), tags={"a": "b"}
            ),
        ):
            with self.assertRaises(botocore.exceptions.ClientError) as caught:
                call()
            status = caught.exception.response["ResponseMetadata"]["HTTPStatusCode"]
            self.assertEqual(status, 403)
        self.assertEqual(self.client.get_usage_plan(usagePlanId=plan)["name"], "plan")

    def test_nobody(self):
        status, headers, answer = self.server.request("GET", "/usageplans", credentials=None)
        self.assertEqual(status, 401)
        self.assertEqual(headers["x-amzn-ErrorType"], "UnauthorizedException")
        self.assertEqual(list(json.loads(answer)), ["message"])

    def test_what_was_not_signed(self):
        url = self.server.url
        body = b'{"name":"p"}'
        headers = signed("POST", url + "/usageplans", body, {}, ADMIN)
        for allowed, method, target, sent in (
            (True, "POST", "/usageplans", body),
            (False, "POST", "/usageplans", b'{"name":"q"}'),
            (False, "POST", "/usageplans?limit=1", body),
            (False, "POST", "/apikeys", body),
            (False, "PUT", "/usageplans", body),
        ):
            with self.subTest(method=method, target=target, body=sent):
                status = self.server.request(method, target, sent, headers, None)[0]
                self.assertEqual(status, 201 if allowed else 401)


class OverTls(unittest.TestCase):
    def test_calls(self):
        folder = new_folder()
        certificate, key = (os.path.join(folder, name) for name in ("certificate", "key"))
        write_certificate(certificate, key)
        server = WeirProcess(f"--tls-certificate={certificate}", f"--tls-key={key}")
        self.addCleanup(server.kill)
        self.assertTrue(server.url.startswith("https://"))
        client = server.client(verify=certificate)
        plan = client.create_usage_plan(name="p")["id"]
        self.assertEqual(client.get_usage_plan(usagePlanId=plan)["name"], "p")
        with self.assertRaises(botocore.exceptions.SSLError):
            server.client(verify=True).get_usage_plans()
        # In the open it says nothing.
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.assertGreaterEqual(server.request("GET", "/usageplans")[0], 400)
        client.close()
        self.assertEqual(server.stop(), 0)


class Overload(ClientTest):
    def test_a_client_tries_again(self):
        client = self.server.client(attempts=4)
        self.addCleanup(client.close)
        naps = []
        with self.server.overload() as relieve:
            with self.assertRaises(self.client.exceptions.ServiceUnavailableException):
                self.client.create_usage_plan(name="p")
            status, headers, _ = self.server.request("POST", "/usageplans", {"name": "p"})
            self.assertEqual(status, 503)
            self.assertTrue(headers["x-amzn-requestid"])
            self.assertGreaterEqual(int(headers["Retry-After"]), 1)

            def nap(seconds, sleep=time.sleep):
                naps.append(seconds)
                if len(naps) == 2:
                    relieve()
                    sleep(0.5)

            with mock.patch("time.sleep", nap):
                answer = client.create_usage_plan(name="p")
        self.assertGreaterEqual(answer["ResponseMetadata"]["RetryAttempts"], 2)


class FullDisk(ClientTest):
    """What it cannot keep it does not do, and says when to come again."""

    def tearDown(self):
        self.server.let_files_grow(True)

    def test_a_change_is_refused(self):
        plan = self.new_plan()
        self.server.let_files_grow(False)
        with self.refused("ServiceUnavailableException"):
            self.patch(plan, ("replace", "/name", "other"))
        with self.refused("ServiceUnavailableException"):
            self.new_plan()
        self.assertEqual(self.client.get_usage_plan(usagePlanId=plan)["name"], "plan")
        self.server.let_files_grow(True)
        self.assertEqual(self.patch(plan, ("replace", "/name", "other"))["name"], "other")

    def test_a_client_tries_again(self):
        client = self.server.client(attempts=4)
        self.addCleanup(client.close)
        naps = []

        def nap(seconds):
            naps.append(seconds)
            self.server.let_files_grow(len(naps) == 2)

        self.server.let_files_grow(False)
        with mock.patch("time.sleep", nap):
            made = client.create_usage_plan(name="late")
        self.assertEqual(made["ResponseMetadata"]["RetryAttempts"], 2)
        self.assertEqual(len(naps), 2)

    def test_when_to_come_again(self):
        self.server.let_files_grow(False)
        status, headers, _ = self.server.request("POST", "/usageplans", {"name": "p"})
        self.assertEqual(status, 503)
        self.assertGreaterEqual(int(headers["Retry-After"]), 1)


if __name__ == "__main__":
    unittest.main()
