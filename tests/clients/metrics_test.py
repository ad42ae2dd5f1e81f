#!/usr/bin/python3 -B
"""/metrics, as Prometheus's own tool reads it."""

import os
import subprocess
import unittest

from weir_process import PATIENCE, ServerTest

# Where tools/setup puts it, next to this file's real location.
PROMTOOL = os.path.join(os.path.dirname(os.path.realpath(__file__)), "promtool/promtool")


class Metrics(ServerTest):
    def promtool_says(self, text):
        return subprocess.run(
            [PROMTOOL, "check", "metrics"],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )

    def test_promtool_finds_nothing_wrong(self):
        # So that every kind of sample is there.
        key = self.client.create_api_key(name="k", enabled=True)
        plan = self.client.create_usage_plan(
            name='p "\\\n',
            apiStages=[{"apiId": "a", "stage": "s"}],
            quota={"limit": 2, "period": "DAY"},
        )["id"]
        self.client.create_usage_plan_key(
            usagePlanId=plan, keyId=key["id"], keyType="API_KEY"
        )
        for value in [key["value"]] * 3 + ["unknown"]:
            self.server.request(
                "GET", "/a/s/x", headers={"x-api-key": value}, credentials=None
            )
        status, headers, text = self.server.request("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(headers["Content-Type"].startswith("text/plain"))
        self.assertIn(b"version=0.0.4", headers["Content-Type"].encode())
        said = self.promtool_says(text)
        self.assertEqual((said.returncode, said.stdout), (0, b""), text.decode())
        self.assertGreater(text.count(b"\n# TYPE "), 3)
        self.assertIn(b'\nweir_requests_total{outcome="admitted"} 2\n', text)
        # And it does look.
        self.assertNotEqual(self.promtool_says(text + b"x{ 1\n").returncode, 0)


if __name__ == "__main__":
    unittest.main()
