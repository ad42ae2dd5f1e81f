#!/usr/bin/python3 -B
"""What Terraform's AWS provider and the Serverless Framework send, byte for byte.

After each step the resource is read back as the provider reads it. If that
differed from what was wished, Terraform would plan to change it again, for ever.
"""

import decimal
import gzip
import json
import unittest
import urllib.parse
import uuid

from weir_process import REGION, ServerTest, arn

USER_AGENT = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 terraform-provider-aws/5.80.0 "
    "aws-sdk-go-v2/1.32.6 lang/go#1.23.3 md/GOOS#linux md/GOARCH#amd64 "
    "api/apigateway#1.28.2"
)


def go_json(value):
    """As Go's SDK writes a document: members by name, shortest numbers."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def set_members(**members):
    """Go's SDK takes a number or boolean that is zero for one that is not set."""
    return {name: value for name, value in members.items() if value}


def throttle_settings(limits):
    return set_members(burstLimit=limits["burst_limit"], rateLimit=limits["rate_limit"])


def go_float(number):
    """strconv.FormatFloat(number, 'f', -1, 64)"""
    text = format(decimal.Decimal(repr(number)), "f")
    return text[:-2] if text.endswith(".0") else text


def operation(op, path, value=None):
    return {"op": op, "path": path} | ({} if value is None else {"value": value})


def replace(path, value):
    return operation("replace", path, value)


def stages_of(resource):
    """Sets, as the provider compares them."""
    return {
        (
            stage["api_id"],
            stage["stage"],
            frozenset(
                (one["path"], one["rate_limit"], one["burst_limit"])
                for one in stage.get("throttle", [])
            ),
        )
        for stage in resource.get("api_stages", [])
    }


class Provider:
    """The calls that resource types make, and the state that they read back."""

    def __init__(self, test):
        self.test = test

    def call(self, method, target, status, document=None):
        """The answer's document; NotFoundException is None."""
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "amz-sdk-invocation-id": str(uuid.uuid4()),
            "amz-sdk-request": "attempt=1; max=25",
        }
        body = None
        if document is not None:
            body = document if isinstance(document, str) else go_json(document)
            headers["Content-Type"] = "application/json"
            # Go's signer signs it.
            headers["Content-Length"] = str(len(body.encode()))
        got, answer_headers, answer = self.test.server.request(
            method, target, body, headers
        )
        if got == 404 and status != 404:
            self.test.assertEqual(
                answer_headers["x-amzn-ErrorType"].split(":")[0], "NotFoundException"
            )
            return None
        if answer_headers["Content-Encoding"] == "gzip":
            answer = gzip.decompress(answer)
        self.test.assertEqual(got, status, answer)
        if status in (202, 204):
            self.test.assertEqual(answer, b"")
            return {}
        self.test.assertEqual(answer_headers["Content-Type"], "application/json")
        return json.loads(answer)

    def patch(self, target, operations):
        return self.call("PATCH", target, 200, {"patchOperations": operations})

    def update_tags(self, name, old, new):
        escaped = urllib.parse.quote(name, safe="")
        gone = sorted(set(old) - set(new))
        if gone:
            keys = "&".join("tagKeys=" + urllib.parse.quote(key, safe="") for key in gone)
            self.call("DELETE", f"/tags/{escaped}?{keys}", 204)
        changed = {key: new[key] for key in sorted(new) if old.get(key) != new[key]}
        if changed:
            self.call("PUT", f"/tags/{escaped}", 204, {"tags": changed})

    # -- aws_api_gateway_usage_plan --

    def create_plan(self, plan):
        body = {}
        if plan.get("api_stages"):
            body["apiStages"] = [
                {"apiId": stage["api_id"], "stage": stage["stage"]}
                | (
                    {
                        "throttle": {
                            one["path"]: throttle_settings(one)
                            for one in stage["throttle"]
                        }
                    }
                    if stage.get("throttle")
                    else {}
                )
                for stage in plan["api_stages"]
            ]
        if plan.get("description"):
            body["description"] = plan["description"]
        body["name"] = plan["name"]
        if plan.get("quota_settings"):
            quota = plan["quota_settings"]
            body["quota"] = set_members(
                limit=quota["limit"], offset=quota["offset"], period=quota["period"]
            )
        if plan.get("tags"):
            body["tags"] = plan["tags"]
        if plan.get("throttle_settings"):
            body["throttle"] = throttle_settings(plan["throttle_settings"])
        identifier = self.call("POST", "/usageplans", 201, body)["id"]
        if plan.get("product_code"):
            # Not possible when the plan is created.
            self.patch(
                f"/usageplans/{identifier}",
                [operation("add", "/productCode", plan["product_code"])],
            )
        return identifier

    def read_plan(self, identifier):
        document = self.call("GET", f"/usageplans/{identifier}", 200)
        if document is None:
            return None
        plan = {
            "name": document["name"],
            "description": document.get("description", ""),
            "product_code": document.get("productCode", ""),
            "api_stages": [
                {
                    "api_id": stage["apiId"],
                    "stage": stage["stage"],
                    "throttle": [
                        {
                            "path": path,
                            "rate_limit": limits.get("rateLimit", 0),
                            "burst_limit": limits.get("burstLimit", 0),
                        }
                        for path, limits in stage.get("throttle", {}).items()
                    ],
                }
                for stage in document["apiStages"]
            ],
            "throttle_settings": None,
            "quota_settings": document.get("quota"),
            "tags": document["tags"],
        }
        if "throttle" in document:
            plan["throttle_settings"] = {
                "burst_limit": document["throttle"].get("burstLimit", 0),
                "rate_limit": document["throttle"].get("rateLimit", 0),
            }
        return plan

    def update_plan(self, identifier, old, new):
        operations = []
        if old["name"] != new["name"]:
            operations.append(replace("/name", new["name"]))
        if old.get("description", "") != new.get("description", ""):
            operations.append(replace("/description", new.get("description", "")))
        if old.get("product_code") != new.get("product_code"):
            operations.append(
                replace("/productCode", new["product_code"])
                if new.get("product_code")
                else operation("remove", "/productCode")
            )
        if stages_of(old) != stages_of(new):
            for stage in old.get("api_stages", []):
                operations.append(
                    operation("remove", "/apiStages", f"{stage['api_id']}:{stage['stage']}")
                )
            for stage in new.get("api_stages", []):
                name = f"{stage['api_id']}:{stage['stage']}"
                operations.append(operation("add", "/apiStages", name))
                for one in stage.get("throttle", []):
                    # Its path as it is written: "/pets/GET", so two slashes.
                    at = f"/apiStages/{name}/throttle/{one['path']}"
                    operations.append(replace(f"{at}/rateLimit", go_float(one["rate_limit"])))
                    operations.append(replace(f"{at}/burstLimit", str(one["burst_limit"])))
        if old.get("throttle_settings") != new.get("throttle_settings"):
            throttle = new.get("throttle_settings")
            if throttle:
                operations.append(
                    replace("/throttle/rateLimit", go_float(throttle["rate_limit"]))
                )
                operations.append(replace("/throttle/burstLimit", str(throttle["burst_limit"])))
            else:
                operations.append(operation("remove", "/throttle"))
        if old.get("quota_settings") != new.get("quota_settings"):
            quota = new.get("quota_settings")
            if quota:
                operations.append(replace("/quota/limit", str(quota["limit"])))
                operations.append(replace("/quota/offset", str(quota["offset"])))
                operations.append(replace("/quota/period", quota["period"]))
            else:
                operations.append(operation("remove", "/quota"))
        if operations:
            self.patch(f"/usageplans/{identifier}", operations)
        self.update_tags(
            arn("usageplans", identifier), old.get("tags", {}), new.get("tags", {})
        )

    def delete_plan(self, identifier, state):
        stages = state.get("api_stages", [])
        if stages:
            self.patch(
                f"/usageplans/{identifier}",
                [
                    operation("remove", "/apiStages", f"{one['api_id']}:{one['stage']}")
                    for one in stages
                ],
            )
        self.call("DELETE", f"/usageplans/{identifier}", 202)

    # -- aws_api_gateway_api_key --

    def create_key(self, key):
        body = {
            "description": key.get("description", "Managed by Terraform"),
            "name": key["name"],
        } | set_members(enabled=key.get("enabled", True))
        if key.get("customer_id"):
            body["customerId"] = key["customer_id"]
        if key.get("tags"):
            body["tags"] = key["tags"]
        body["value"] = key.get("value", "")
        return self.call("POST", "/apikeys", 201, dict(sorted(body.items())))["id"]

    def read_key(self, identifier):
        return self.call("GET", f"/apikeys/{identifier}?includeValue=true", 200)


class UsagePlan(ServerTest):
    def assert_nothing_to_do(self, provider, identifier, wished):
        state = provider.read_plan(identifier)
        self.assertEqual(stages_of(state), stages_of(wished))
        self.assertEqual(state["name"], wished["name"])
        for member, absent in (
            ("description", ""),
            ("product_code", ""),
            ("throttle_settings", None),
            ("quota_settings", None),
            ("tags", {}),
        ):
            self.assertEqual(state[member], wished.get(member, absent), member)

    def test_steps(self):
        def stage(name, *throttles):
            keys = ("path", "rate_limit", "burst_limit")
            return {
                "api_id": "a1b2c3d4e5",
                "stage": name,
                "throttle": [dict(zip(keys, one)) for one in throttles],
            }

        def quota(limit, offset, period):
            return {"limit": limit, "offset": offset, "period": period}

        def throttle(burst, rate):
            return {"burst_limit": burst, "rate_limit": rate}

        steps = [
            {"name": "tf"},
            {"name": "tf-renamed", "description": "This is a description"},
            {"name": "tf-renamed", "description": "<&> \u2028 ä"},
            {"name": "tf-renamed"},
            {"name": "tf-renamed", "product_code": "MYCODE"},
            {"name": "tf-renamed", "product_code": "MYCODE2"},
            {"name": "tf-renamed", "throttle_settings": throttle(2, 5)},
            {"name": "tf-renamed", "throttle_settings": throttle(3, 0.1)},
            {"name": "tf-renamed", "throttle_settings": throttle(0, 1000000.5)},
            {"name": "tf-renamed", "throttle_settings": throttle(5, 0)},
            {"name": "tf-renamed", "throttle_settings": throttle(0, 0)},
            {"name": "tf-renamed", "quota_settings": quota(100, 6, "WEEK")},
            {"name": "tf-renamed", "quota_settings": quota(200, 20, "MONTH")},
            {"name": "tf-renamed", "quota_settings": quota(200, 0, "DAY")},
            {
                "name": "tf-renamed",
                "throttle_settings": throttle(50, 10),
                "api_stages": [stage("test", ("/test/GET", 1, 3))],
            },
            {
                "name": "tf-renamed",
                "throttle_settings": throttle(50, 10),
                "api_stages": [
                    stage("test", ("/test/GET", 0.1, 6), ("//POST", 100, 1)),
                    stage("foo", ("/a/{id}/b/ANY", 2.25, 0)),
                ],
            },
            {
                "name": "tf-renamed",
                "throttle_settings": throttle(50, 10),
                "api_stages": [
                    stage("foo"),
                    stage("test", ("/test/GET", 0.1, 6), ("/none/GET", 0, 0)),
                ],
            },
            {"name": "tf-renamed", "api_stages": [stage("foo")]},
            # Throttles of methods come before the plan's own.
            {
                "name": "everything",
                "description": "d",
                "product_code": "P",
                "api_stages": [stage("test", ("/test/GET", 1, 3)), stage("bar")],
                "throttle_settings": throttle(5, 7),
                "quota_settings": quota(10, 1, "WEEK"),
                "tags": {"k1": "v1", "cost centre": "a/b+c", "team:a": "1", "team-b": "2"},
            },
            {
                "name": "everything",
                "api_stages": [stage("test", ("/test/GET", 1, 3))],
                "throttle_settings": throttle(5, 7),
                "tags": {"k1": "v1updated", "k2": "v2"},
            },
            {"name": "everything", "tags": {"k2": "v2"}},
            {"name": "tf"},
        ]
        provider = Provider(self)
        # Made in each of these forms, and changed from each into the next.
        identifier, state = None, None
        for number, wished in enumerate(steps):
            with self.subTest(step=number):
                fresh = provider.create_plan(wished)
                self.assert_nothing_to_do(provider, fresh, wished)
                if identifier is None:
                    identifier = fresh
                else:
                    provider.update_plan(identifier, state, wished)
                    self.assert_nothing_to_do(provider, identifier, wished)
                    # Replaced: the other one goes.
                    provider.delete_plan(fresh, provider.read_plan(fresh))
                    self.assertIsNone(provider.read_plan(fresh))
                state = provider.read_plan(identifier)
        provider.delete_plan(identifier, state)
        # Gone already, as far as Terraform cares.
        self.assertIsNone(provider.call("DELETE", f"/usageplans/{identifier}", 202))

    def test_bytes_as_recorded(self):
        provider = Provider(self)
        made = provider.call(
            "POST",
            "/usageplans",
            201,
            '{"apiStages":[{"apiId":"abc","stage":"test","throttle":'
            '{"/test/GET":{"burstLimit":3,"rateLimit":1}}}],"name":"tf-acc",'
            '"quota":{"limit":100,"offset":6,"period":"WEEK"},'
            '"throttle":{"rateLimit":0.1}}',
        )
        target = f"/usageplans/{made['id']}"
        changed = provider.call(
            "PATCH",
            target,
            200,
            '{"patchOperations":['
            '{"op":"remove","path":"/apiStages","value":"abc:test"},'
            '{"op":"add","path":"/apiStages","value":"abc:test"},'
            '{"op":"replace","path":"/apiStages/abc:test/throttle//test/GET/rateLimit",'
            '"value":"0.1"},'
            '{"op":"replace","path":"/apiStages/abc:test/throttle//test/GET/burstLimit",'
            '"value":"6"},'
            '{"op":"replace","path":"/description","value":""},'
            '{"op":"replace","path":"/quota/limit","value":"200"},'
            '{"op":"replace","path":"/quota/offset","value":"20"},'
            '{"op":"replace","path":"/quota/period","value":"MONTH"}]}',
        )
        self.assertEqual(
            changed["apiStages"][0]["throttle"],
            {"/test/GET": {"rateLimit": 0.1, "burstLimit": 6}},
        )
        self.assertEqual(
            changed["quota"], {"limit": 200, "offset": 20, "period": "MONTH"}
        )
        self.assertEqual(changed["throttle"], {"rateLimit": 0.1, "burstLimit": 0})
        changed = provider.call(
            "PATCH",
            target,
            200,
            '{"patchOperations":[{"op":"remove","path":"/apiStages","value":"abc:test"},'
            '{"op":"remove","path":"/throttle"},{"op":"remove","path":"/quota"}]}',
        )
        self.assertEqual(
            changed,
            {"id": made["id"], "name": "tf-acc", "apiStages": [], "tags": {}},
        )
        self.assertEqual(provider.call("DELETE", target, 202), {})


class OffsetsAsDays(UsagePlan):
    """The same where offsets are days, which is how the provider checks them."""

    flags = ("--offset=start-day",)


class ApiKey(ServerTest):
    def test_life(self):
        provider = Provider(self)
        identifier = provider.create_key({"name": "tf", "tags": {"k": "v"}})
        read = provider.read_key(identifier)
        self.assertEqual(
            {name: read[name] for name in ("name", "description", "enabled", "tags")},
            {
                "name": "tf",
                "description": "Managed by Terraform",
                "enabled": True,
                "tags": {"k": "v"},
            },
        )
        # Sensitive, and kept in the state.
        self.assertGreaterEqual(len(read["value"]), 20)
        self.assertEqual(read.get("customerId", ""), "")
        for member in ("createdDate", "lastUpdatedDate"):
            # The SDK reads seconds as a number.
            self.assertIsInstance(read[member], (int, float))
            self.assertGreater(read[member], 1.7e9)

        target = f"/apikeys/{identifier}"
        for operations in (
            [replace("/enabled", "false"), replace("/description", "new")],
            [replace("/enabled", "true"), replace("/customerId", "c")],
            [replace("/description", ""), replace("/customerId", ""), replace("/name", "n")],
        ):
            provider.patch(target, operations)
        provider.update_tags(arn("apikeys", identifier), {"k": "v"}, {"l": "w"})
        read = provider.read_key(identifier)
        self.assertEqual(read["name"], "n")
        self.assertEqual(read.get("description", ""), "")
        self.assertEqual(read.get("customerId", ""), "")
        self.assertTrue(read["enabled"])
        self.assertEqual(read["tags"], {"l": "w"})

        self.assertEqual(provider.call("DELETE", target, 202), {})
        self.assertIsNone(provider.read_key(identifier))
        self.assertIsNone(provider.call("DELETE", target, 202))

    def test_disabled(self):
        provider = Provider(self)
        identifier = provider.create_key({"name": "tf", "enabled": False})
        self.assertFalse(provider.read_key(identifier)["enabled"])

    def test_a_value_of_its_own(self):
        provider = Provider(self)
        value = "MyCustomToken#@&\"'(§!ç)-_*$€¨^£%ù+=/:.;?,|"
        got = self.server.request("POST", "/apikeys", go_json({"name": "n", "value": value}))
        # Only printable ASCII can be sent as a header: said, not mangled.
        self.assertEqual(got[0], 400)
        value = "MyCustomToken#@&\"'(!)-_*$^%+=/:.;?,|"
        identifier = provider.create_key({"name": "n", "value": value})
        self.assertEqual(provider.read_key(identifier)["value"], value)


class UsagePlanKey(ServerTest):
    def test_life(self):
        provider = Provider(self)
        plan = provider.create_plan({"name": "p"})
        key = provider.create_key({"name": "k"})
        made = provider.call(
            "POST",
            f"/usageplans/{plan}/keys",
            201,
            f'{{"keyId":"{key}","keyType":"API_KEY"}}',
        )
        self.assertEqual(made["id"], key)
        target = f"/usageplans/{plan}/keys/{key}"
        read = provider.call("GET", target, 200)
        self.assertEqual((read["type"], read["name"]), ("API_KEY", "k"))
        # The attribute `value`, which outputs show.
        self.assertEqual(read["value"], provider.read_key(key)["value"])
        self.assertEqual(provider.call("DELETE", target, 202), {})
        self.assertIsNone(provider.call("GET", target, 200))
        self.assertIsNone(provider.call("DELETE", target, 202))
        # Its plan may go before it.
        provider.call(
            "POST", f"/usageplans/{plan}/keys", 201, {"keyId": key, "keyType": "API_KEY"}
        )
        provider.delete_plan(plan, {})
        self.assertIsNone(provider.call("GET", target, 200))


class ServerlessFramework(ServerTest):
    def test_a_service_that_is_removed(self):
        """Its stages leave the plans that have them, in a call each."""
        provider = Provider(self)
        own = [{"api_id": "svc", "stage": name} for name in ("dev", "prod")]
        other = {"api_id": "other", "stage": "dev"}
        plans = [
            provider.create_plan({"name": "a", "api_stages": own}),
            provider.create_plan({"name": "b", "api_stages": [other, own[0]]}),
        ]
        listed = provider.call("GET", "/usageplans", 200)["item"]
        for plan in listed:
            for stage in plan["apiStages"]:
                if stage["apiId"] == "svc":
                    provider.patch(
                        f"/usageplans/{plan['id']}",
                        [operation("remove", "/apiStages", f"svc:{stage['stage']}")],
                    )
        self.assertEqual(provider.read_plan(plans[0])["api_stages"], [])
        self.assertEqual(
            stages_of(provider.read_plan(plans[1])), stages_of({"api_stages": [other]})
        )


if __name__ == "__main__":
    assert go_float(100.0) == "100" and go_float(0.1) == "0.1"
    assert go_float(1e-07) == "0.0000001" and REGION
    unittest.main()
