#!/usr/bin/env node
// AWS's JavaScript SDK against `weir serve`.
//
// usage: js_sdk_test.mjs URL ACCESS_KEY SECRET [overloaded]

import assert from "node:assert/strict";
import { test } from "node:test";

import * as api from "@aws-sdk/client-api-gateway";

const [url, accessKeyId, secretAccessKey, mode] = process.argv.slice(2);
const overloaded = mode === "overloaded";
const options = {
  endpoint: url,
  region: "us-east-1",
  credentials: { accessKeyId, secretAccessKey },
  maxAttempts: 1,
};
const client = new api.APIGatewayClient(options);

// The answer to `input`, less its metadata, which say `status`.
async function send(command, input = {}, status = 200) {
  const { $metadata, ...answer } = await client.send(new api[command](input));
  assert.equal($metadata.httpStatusCode, status);
  assert.ok($metadata.requestId);
  return answer;
}

async function refused(type, message, command, input) {
  await assert.rejects(client.send(new api[command](input)), (error) => {
    assert.ok(error instanceof api[type], `${error}`);
    assert.ok(error instanceof api.APIGatewayServiceException);
    assert.equal(error.name, type);
    if (message !== undefined) assert.equal(error.message, message);
    return true;
  });
}

async function all(paginator, input, member = "items", pageSize = 2) {
  const found = [];
  for await (const page of paginator({ client, pageSize }, input)) {
    const items = page[member];
    const list = Array.isArray(items) ? items : Object.entries(items);
    assert.ok(list.length <= pageSize);
    found.push(...list);
  }
  return found;
}

const replace = (path, value) => ({ op: "replace", path, value });
const value = (name) => `${name}-0123456789abcdef0123`;

test("a usage plan's life", { skip: overloaded }, async () => {
  const made = await send(
    "CreateUsagePlanCommand",
    {
      name: "gold",
      apiStages: [
        {
          apiId: "shop",
          stage: "prod",
          throttle: { "/pets/GET": { rateLimit: 0.1, burstLimit: 2 } },
        },
      ],
      throttle: { rateLimit: 10, burstLimit: 20 },
      quota: { limit: 500, period: "MONTH" },
      tags: { team: "pets" },
    },
    201,
  );
  const usagePlanId = made.id;
  assert.deepEqual(made, {
    id: usagePlanId,
    name: "gold",
    apiStages: [
      {
        apiId: "shop",
        stage: "prod",
        throttle: { "/pets/GET": { rateLimit: 0.1, burstLimit: 2 } },
      },
    ],
    throttle: { rateLimit: 10, burstLimit: 20 },
    quota: { limit: 500, offset: 0, period: "MONTH" },
    tags: { team: "pets" },
  });
  assert.deepEqual(await send("GetUsagePlanCommand", { usagePlanId }), made);

  const changed = await send("UpdateUsagePlanCommand", {
    usagePlanId,
    patchOperations: [
      replace("/name", "silver"),
      { op: "add", path: "/apiStages/shop:prod/throttle//a/{id}/GET/rateLimit", value: "2.5" },
      { op: "remove", path: "/quota" },
      { op: "remove", path: "/apiStages/shop:prod/throttle/~1pets/GET" },
    ],
  });
  assert.equal(changed.name, "silver");
  assert.equal(changed.quota, undefined);
  assert.deepEqual(Object.keys(changed.apiStages[0].throttle), ["/a/{id}/GET"]);

  await refused(
    "BadRequestException",
    `Cannot delete Usage Plan ${usagePlanId} because there are API Stages associated with it, including shop:prod`,
    "DeleteUsagePlanCommand",
    { usagePlanId },
  );
  await send("UpdateUsagePlanCommand", {
    usagePlanId,
    patchOperations: [{ op: "remove", path: "/apiStages", value: "shop:prod" }],
  });
  assert.deepEqual(await send("DeleteUsagePlanCommand", { usagePlanId }, 202), {});
  await refused(
    "NotFoundException",
    "Invalid Usage Plan ID specified",
    "GetUsagePlanCommand",
    { usagePlanId },
  );
});

test("an API key's life", { skip: overloaded }, async () => {
  const made = await send(
    "CreateApiKeyCommand",
    {
      name: "mobile",
      value: value("mobile"),
      enabled: true,
      customerId: "c-1",
      generateDistinctId: true,
      stageKeys: [{ restApiId: "shop", stageName: "prod" }],
      tags: { team: "app" },
    },
    201,
  );
  const apiKey = made.id;
  for (const date of [made.createdDate, made.lastUpdatedDate]) {
    assert.ok(date instanceof Date);
    assert.ok(Math.abs(date - Date.now()) < 120_000, `${date}`);
  }
  assert.deepEqual(made.stageKeys, ["shop/prod"]);
  assert.deepEqual(await send("GetApiKeyCommand", { apiKey, includeValue: true }), made);
  assert.equal((await send("GetApiKeyCommand", { apiKey })).value, undefined);

  const changed = await send("UpdateApiKeyCommand", {
    apiKey,
    patchOperations: [
      replace("/enabled", "false"),
      { op: "remove", path: "/stages", value: "shop/prod" },
    ],
  });
  assert.equal(changed.enabled, false);
  assert.deepEqual(changed.stageKeys, []);

  await refused("ConflictException", "API Key already exists", "CreateApiKeyCommand", {
    value: value("mobile"),
  });
  assert.deepEqual(await send("DeleteApiKeyCommand", { apiKey }, 202), {});
  await refused(
    "NotFoundException",
    "Invalid API Key identifier specified",
    "GetApiKeyCommand",
    { apiKey },
  );
});

test("keys of a plan, and what they have used", { skip: overloaded }, async () => {
  const { id: usagePlanId } = await send(
    "CreateUsagePlanCommand",
    {
      name: "counted",
      apiStages: [{ apiId: "js", stage: "s" }],
      quota: { limit: 10, period: "DAY" },
    },
    201,
  );
  const { ids, warnings } = await send(
    "ImportApiKeysCommand",
    {
      format: "csv",
      failOnWarnings: true,
      body: new TextEncoder().encode(
        "name,key,enabled\n" +
          [1, 2, 3, 4, 5].map((i) => `js-${i},${value(`js-${i}`)},true\n`).join(""),
      ),
    },
    201,
  );
  assert.equal(ids.length, 5);
  assert.ok(!warnings?.length);
  for (const keyId of ids) {
    await send("CreateUsagePlanKeyCommand", { usagePlanId, keyId, keyType: "API_KEY" }, 201);
  }
  const inTheirOrder = (found) => found.map(({ id }) => id).sort();
  const wanted = [...ids].sort();
  assert.deepEqual(
    inTheirOrder(await all(api.paginateGetUsagePlanKeys, { usagePlanId })),
    wanted,
  );
  assert.deepEqual(
    inTheirOrder(await all(api.paginateGetApiKeys, { nameQuery: "js-" })),
    wanted,
  );
  assert.deepEqual(
    (await all(api.paginateGetUsagePlans, { keyId: ids[0] })).map(({ id }) => id),
    [usagePlanId],
  );

  for (let i = 0; i < 3; ++i) {
    await fetch(`${url}/js/s/x`, { headers: { "x-api-key": value("js-1") } });
  }
  const today = new Date().toISOString().slice(0, 10);
  const range = { usagePlanId, startDate: today, endDate: today };
  // A copy: the paginator notes in it where it is.
  const usage = Object.fromEntries(await all(api.paginateGetUsage, { ...range }));
  assert.deepEqual(Object.keys(usage).sort(), wanted);
  assert.deepEqual(usage[ids[0]], [[3, 7]]);
  assert.deepEqual(usage[ids[1]], [[0, 10]]);
  const more = await send("UpdateUsageCommand", {
    usagePlanId,
    keyId: ids[0],
    patchOperations: [replace("/remaining", "50")],
  });
  assert.deepEqual(more, { ...range, items: { [ids[0]]: [[3, 50]] } });

  const association = { usagePlanId, keyId: ids[0] };
  assert.equal((await send("GetUsagePlanKeyCommand", association)).name, "js-1");
  assert.deepEqual(await send("DeleteUsagePlanKeyCommand", association, 202), {});
  await refused("NotFoundException", undefined, "GetUsagePlanKeyCommand", association);
});

test("tags", { skip: overloaded }, async () => {
  const { id } = await send("CreateUsagePlanCommand", { name: "tagged" }, 201);
  const resourceArn = `arn:aws:apigateway:us-east-1::/usageplans/${id}`;
  await send("TagResourceCommand", { resourceArn, tags: { "cost centre": "ä/+&=%", x: "" } }, 204);
  assert.deepEqual(await send("GetTagsCommand", { resourceArn }), {
    tags: { "cost centre": "ä/+&=%", x: "" },
  });
  await send("UntagResourceCommand", { resourceArn, tagKeys: ["cost centre", "y"] }, 204);
  assert.deepEqual(await send("GetTagsCommand", { resourceArn }), { tags: { x: "" } });
});

test("errors have their classes", { skip: overloaded }, async () => {
  await refused(
    "BadRequestException",
    "Usage Plan quota limit must be a non-negative numeric",
    "CreateUsagePlanCommand",
    { name: "p", quota: { limit: -1, period: "DAY" } },
  );
  const stranger = new api.APIGatewayClient({
    ...options,
    credentials: { accessKeyId, secretAccessKey: "wrong" },
  });
  await assert.rejects(
    stranger.send(new api.GetUsagePlansCommand({})),
    api.UnauthorizedException,
  );
});

test("overload says when to come again", { skip: !overloaded }, async () => {
  await assert.rejects(client.send(new api.CreateUsagePlanCommand({ name: "p" })), (error) => {
    assert.ok(error instanceof api.ServiceUnavailableException, `${error}`);
    assert.ok(Number(error.retryAfterSeconds) >= 1);
    assert.equal(error.$metadata.httpStatusCode, 503);
    return true;
  });
});
