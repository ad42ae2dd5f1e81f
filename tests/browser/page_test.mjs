// The page of `weir serve` in Chromium, against a real server.
//
// usage: node page_test.mjs WEIR [FOLDER]
// Pictures go to FOLDER, if one is given.

import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {Agent, request as httpRequest} from "node:http";
import {createRequire} from "node:module";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {createInterface} from "node:readline";

const require = createRequire(new URL("../node/package.json", import.meta.url));
const {chromium} = require("playwright-core");

const [weir, pictures] = process.argv.slice(2);
const scratch = mkdtempSync(join(process.env.TEST_TMPDIR ?? tmpdir(), "page_test_"));
const servers = new Set();
const agent = new Agent({keepAlive: true, maxSockets: 4});

const kPatience = 20_000;
const kHostile = "<img src=x onerror=alert(1)>";

// ---- The server and its callers.

async function serve(...flags) {
  const child = spawn(weir, ["serve", "--listen=127.0.0.1:0", ...flags], {stdio: ["ignore", "pipe", "inherit"]});
  servers.add(child);
  for await (const line of createInterface(child.stdout)) {
    const url = /^weir: listening on (\S+)$/.exec(line)?.[1];
    if (url) return {child, url};
  }
  throw new Error("weir serve ended before it listened");
}

async function end({child}) {
  servers.delete(child);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

const call = (url, {method = "GET", headers = {}, body} = {}) => new Promise((resolve, reject) => {
  const sent = httpRequest(url, {method, headers, agent, timeout: kPatience}, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (part) => { text += part; });
    answer.on("end", () => resolve({status: answer.statusCode, headers: answer.headers, text}));
  });
  sent.on("error", reject).end(body);
});

async function create(url, document) {
  const {status, text} = await call(url, {
    method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(document)});
  assert.equal(status, 201, text);
  return JSON.parse(text);
}

async function createKey(url, plan, name, more = {}) {
  const key = await create(`${url}/apikeys`, {name, enabled: true, ...more});
  await create(`${url}/usageplans/${plan.id}/keys`, {keyId: key.id, keyType: "API_KEY"});
  return key;
}

// Sends so many requests with the key, one after the other; how many of each
// status were answered.
async function use(url, key, times) {
  const statuses = {};
  for (let i = 0; i < times; i++) {
    const {status} = await call(`${url}/api/prod/pets`, {headers: {"x-api-key": key.value}});
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  return statuses;
}

// ---- The browser.

// A page that must ask nobody but `url`, say nothing on its console but of the
// `expected` refusals, and keep nothing.
async function openPage(browser, url, {expected = [], ...options} = {}) {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...options});
  const page = await context.newPage();
  page.setDefaultTimeout(kPatience);
  const complaints = [];
  page.on("console", (message) => {
    const text = message.text();
    if (!expected.some((known) => text.includes(known))) complaints.push(`${message.type()}: ${text}`);
  });
  page.on("pageerror", (error) => complaints.push(error.stack));
  page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  context.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith(`${url}/`) && !asked.startsWith("data:")) complaints.push(`asked for ${asked}`);
  });
  await page.goto(`${url}/`);
  const close = async () => {
    assert.deepEqual(complaints, []);
    const kept = await page.evaluate(() => localStorage.length + sessionStorage.length + document.cookie.length);
    assert.equal(kept, 0);
    await context.close();
  };
  return {page, close};
}

const text = (page, selector) => page.locator(selector).innerText();

// Waits until the element's text is, or matches, `wanted`.
async function says(page, selector, wanted) {
  const found = await page.waitForFunction(([selector, source, exact]) => {
    const text = document.querySelector(selector)?.innerText.replaceAll("\u202f", "");
    return (exact ? text === source : new RegExp(source).test(text)) && [text];
  }, [selector, wanted.source ?? wanted, !wanted.source], {timeout: kPatience}).catch(async () => {
    assert.fail(`${selector} says "${await text(page, selector)}", not ${wanted}`);
  });
  return (await found.jsonValue())[0];
}

const choosePlan = async (page, plan) => {
  await page.click(`#plans a[data-id="${plan.id}"]`);
  await says(page, "#plan-name", plan.name);
};

async function fillRow(page, i, op, path, value = "") {
  const row = page.locator("#rows .row").nth(i);
  await row.locator(".op").selectOption(op);
  await row.locator(".path").fill(path);
  await row.locator(".value").fill(value);
}

async function picture(page, name, options = {}) {
  if (pictures) await page.screenshot({path: join(pictures, `${name}.png`), ...options});
}

// ---- What the page does.

const tests = {
  async "without a plan it says how to make one"(browser) {
    const server = await serve();
    const {page, close} = await openPage(browser, server.url);
    await says(page, "#plans-note code", `aws apigateway create-usage-plan --endpoint-url ${server.url} --name basic`);
    await says(page, "#state", "Live");
    assert.equal(await page.isVisible("#plan"), false);
    await picture(page, "empty");
    await close();
    await end(server);
  },

  async "plans, keys, usage and patches"(browser) {
    const server = await serve();
    const {url} = server;
    const gold = await create(`${url}/usageplans`, {
      name: "Gold", description: "For partners.\nAsk first.", apiStages: [{apiId: "api", stage: "prod"}],
      throttle: {burstLimit: 20, rateLimit: 0.000001}, quota: {limit: 1000, period: "MONTH"}, tags: {team: "pets"}});
    const first = await createKey(url, gold, "first");
    const second = await createKey(url, gold, "second");
    await createKey(url, gold, "third", {enabled: false});
    const statuses = await use(url, first, 30);
    assert.equal(statuses[429], 10, JSON.stringify(statuses));
    await use(url, second, 7);

    const {page, close} = await openPage(browser, url, {
      expected: ["status of 400"], permissions: ["clipboard-read", "clipboard-write"]});
    // The plan.
    await says(page, "#plan-name", "Gold");
    await says(page, "#plan-id", gold.id);
    await says(page, "#plan-description", "For partners.\nAsk first.");
    await says(page, "#plan-facts", /0\.000001\/s, burst 20\n[^]*1000 a month\n[^]*api:prod\n[^]*team: pets/);
    await says(page, `#plans a[data-id="${gold.id}"]`, /Gold\s+\w+\s+1 stage[^]*0\.000001\/s, burst 20[^]*1000 a month/);

    // The keys: the last comes first. Values show when asked for.
    await says(page, "#keys li:nth-child(3)", /^first/);
    await says(page, "#keys li:nth-child(1)", /third[^]*disabled/);
    await says(page, "#keys li:nth-child(3)", /enabled/);
    assert.ok(!(await page.content()).includes(first.value));
    const value = "#keys li:nth-child(3) .value";
    await says(page, value, /^•+$/);
    await page.click("#keys li:nth-child(3) button:text('Show')");
    await says(page, value, first.value);
    await page.click("#keys li:nth-child(3) button:text('Hide')");
    await says(page, value, /^•+$/);
    await page.click("#keys li:nth-child(2) button:text('Copy')");
    await says(page, "#keys li:nth-child(2) .secret", /Copied/);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), second.value);
    await page.fill("#key-search", "sec");
    await page.waitForFunction(() => document.querySelectorAll("#keys li").length === 1);
    await says(page, "#keys .name", "second");
    await page.fill("#key-search", "nobody");
    await says(page, "#keys-note", /No key/);
    await page.fill("#key-search", "");

    // Usage: 20 and 7 of 1,000 each for three keys.
    await says(page, "#totals", /Used in these days\s+27\s+Remaining now\s+2973\s+Keys\s+3/);
    assert.equal(await page.locator("#bars svg").count(), 2);
    assert.equal(await page.locator("#bars svg:first-of-type rect.used").count(), 30);
    await page.click("#days summary");
    await says(page, "#day-rows tr:first-child", /^\d{4}-\d\d-\d\d\s+27\s+2973$/);
    const tallest = page.locator("#bars rect.used").last();
    assert.deepEqual([await tallest.getAttribute("y"), await tallest.getAttribute("height")], ["0", "100"]);
    await page.selectOption("#usage-key", first.id);
    await says(page, "#totals", /days\s+20\s+Remaining now\s+980\s+Keys\s+1/);
    await page.fill("#from", "2031-01-02");
    await page.fill("#to", "2031-01-01");
    await says(page, "#usage-note", /BadRequestException\s+\S/);
    const today = new Date().toISOString().slice(0, 10);
    await page.fill("#from", today);
    await page.fill("#to", today);
    await says(page, "#totals", /days\s+20\s/);
    await page.selectOption("#usage-key", "");

    // A patch that API Gateway refuses, in its words.
    await fillRow(page, 0, "add", "/name", "x");
    await page.click("#apply");
    await says(page, "#patch-note strong", "BadRequestException");
    assert.match(await page.locator("#patch-note p").textContent(),
        /^Invalid patch path  '\/name' specified for op 'add'\. Must be one of: \[/);
    // One that it takes.
    await fillRow(page, 0, "replace", "/throttle/burstLimit", "50");
    await page.click("#add-row");
    await fillRow(page, 1, "add", "/apiStages/api:prod/throttle//pets/GET/rateLimit", "0.5");
    await page.click("#apply");
    await says(page, "#patch-result p", /^Applied: \d changes\.$/);
    await says(page, "#patch-result tbody", /\/throttle\/burstLimit\s+20\s+50/);
    await says(page, "#patch-result tbody", /\/apiStages\/api:prod\/throttle\/\/pets\/GET\/rateLimit\s+–\s+0\.5/);
    await says(page, "#plan-facts", /burst 50/);
    await says(page, `#plans a[data-id="${gold.id}"]`, /burst 50/);
    assert.equal(await page.isVisible("#patch-note *"), false);
    await page.click("#plan-facts summary");
    await says(page, "#plan-facts table", /\/pets\/GET\s+0\.5\/s/);
    // The other view of it, and what is not JSON.
    await page.click(".modes >> text=JSON");
    assert.deepEqual(JSON.parse(await page.inputValue("#json")).patchOperations[0],
        {op: "replace", path: "/throttle/burstLimit", value: "50"});
    await page.fill("#json", "{");
    await page.click("#apply");
    await says(page, "#patch-note strong", "BadRequestException");
    await page.fill("#json", JSON.stringify({patchOperations: [
      {op: "remove", path: "/quota"}, {op: "replace", path: "/description", value: kHostile}]}));
    await page.click("#apply");
    await says(page, "#patch-result tbody", new RegExp(`${kHostile.replace(/[()]/g, "\\$&")}`));
    await says(page, "#plan-description", kHostile);
    await says(page, "#totals", /Remaining now\s+no quota/);
    await page.click(".modes >> text=Rows");
    assert.equal(await page.locator("#rows .path").first().inputValue(), "/throttle/burstLimit");
    // Paths are suggested for the operation: methods, where the plan has them.
    const suggested = await page.locator("#paths-remove option").evaluateAll((all) => all.map(({value}) => value));
    assert.ok(suggested.includes("/apiStages/api:prod/throttle//pets/GET"), suggested.join("\n"));
    assert.ok(!suggested.includes("/name"));
    await close();
    await end(server);
  },

  async "the chart moves, and survives the server"(browser) {
    const store = `--store=${join(scratch, "store")}`;
    const server = await serve(store);
    const {url} = server;
    const plan = await create(`${url}/usageplans`, {
      name: "Live", apiStages: [{apiId: "api", stage: "prod"}], throttle: {burstLimit: 50, rateLimit: 20}});
    const key = await createKey(url, plan, "caller");
    const {page, close} = await openPage(browser, url, {expected: ["ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE",
      "ERR_CONNECTION_RESET", "ERR_INCOMPLETE_CHUNKED_ENCODING"]});
    await says(page, "#rate-admitted", "0");
    let going = true;
    const traffic = (async () => {
      while (going) await use(url, key, 1);
    })();
    await says(page, "#rate-admitted", /^[1-9]/);
    await says(page, "#rate-throttled", /^[1-9]/);
    const drawn = () => page.locator("#admitted-area").getAttribute("d");
    const before = await drawn();
    await page.waitForFunction((before) => document.querySelector("#admitted-area").getAttribute("d") !== before, before);
    await says(page, "#scale-top", /^\d+\/s$/);
    going = false;
    await traffic;

    await end(server);
    await says(page, "#state", "Disconnected; trying again");
    await picture(page, "disconnected");
    const again = await serve(store, `--listen=${new URL(url).host}`);
    assert.equal(again.url, url);
    await says(page, "#state", "Live");
    await says(page, "#rate-admitted", "0");
    // A process that restarts between two looks: 40 is what its successor counted.
    const counts = [5000, 5100, 40, 140];
    await page.route("**/metrics", (route) => route.fulfill({
      body: `weir_requests_total{outcome="admitted"} ${counts.length > 1 ? counts.shift() : counts[0]}\n`}));
    await says(page, "#rate-admitted", /^[34]\d(\.\d)?$/);
    assert.doesNotMatch(await drawn(), /NaN|Infinity|-/);
    await close();
    await end(again);
  },

  async "hostile names are text; long lists have pages"(browser) {
    const server = await serve();
    const {url} = server;
    const many = await create(`${url}/usageplans`, {name: "Many"});
    for (let i = 0; i < 12; i++) await createKey(url, many, `key-${i}`);
    for (let i = 0; i < 50; i++) await create(`${url}/usageplans`, {name: `Plan ${i}`});
    const hostile = await create(`${url}/usageplans`, {name: kHostile, description: `${kHostile}</p><script>alert(2)</script>`,
      tags: {[`'"><script>`]: `${kHostile}`, "__proto__": "x"}, apiStages: [{apiId: `"><b>`, stage: "$&${7*7}"}]});
    await createKey(url, hostile, `"><svg onload=alert(3)>`);

    const {page, close} = await openPage(browser, url);
    await says(page, "#plan-name", kHostile);
    await says(page, "#keys .name", `"><svg onload=alert(3)>`);
    await says(page, "#plan-facts", /'"><script>: <img/);
    assert.equal(await page.locator("main img, main script, main b, main p script, [onload], [onerror]").count(), 0);
    assert.equal(await page.title(), `${kHostile} – Weir`);

    assert.equal(await page.locator("#plans li").count(), 50);
    await page.click("#more-plans");
    await page.waitForFunction(() => document.querySelectorAll("#plans li").length === 52);
    assert.equal(await page.isVisible("#more-plans"), false);
    // By keyboard alone.
    await page.focus(`#plans a[data-id="${many.id}"]`);
    await page.keyboard.press("Enter");
    await says(page, "#plan-name", "Many");
    assert.equal(await page.evaluate(() => document.activeElement.id), "plan-name");
    assert.equal(await page.locator("#plans [aria-current=true]").getAttribute("data-id"), many.id);
    await page.waitForFunction(() => document.querySelectorAll("#keys li").length === 10);
    await page.click("#more-keys");
    await page.waitForFunction(() => document.querySelectorAll("#keys li").length === 12);
    await page.goBack();
    await says(page, "#plan-name", kHostile);
    await close();
    await end(server);
  },

  async "credentials are asked for, used and not kept"(browser) {
    const file = join(scratch, "credentials");
    const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY0123456789";
    const token = "FwoGZXIvYXdzEXAMPLE//token==";
    writeFileSync(file, `[admin]\naws_access_key_id = AKIAADMIN\naws_secret_access_key = ${secret}\n` +
        `[session]\naws_access_key_id = ASIASESSION\naws_secret_access_key = ${secret}\n` +
        `aws_session_token = ${token}\n`, {mode: 0o600});
    const server = await serve(`--credentials=${file}`, "--region=eu-west-1");
    const {APIGatewayClient, CreateUsagePlanCommand} = require("@aws-sdk/client-api-gateway");
    const client = new APIGatewayClient({endpoint: server.url, region: "eu-west-1",
      credentials: {accessKeyId: "AKIAADMIN", secretAccessKey: secret}});
    const plan = await client.send(new CreateUsagePlanCommand({name: "Secret plan"}));

    const {page, close} = await openPage(browser, server.url, {expected: ["status of 401"]});
    await page.waitForSelector("#sign-in:not([hidden])");
    assert.equal(await page.isVisible("#content"), false);
    const signIn = async (id, secret, token = "") => {
      await page.fill("#access-key", id);
      await page.fill("#secret", secret);
      await page.fill("#token", token);
      await page.fill("#region", "eu-west-1");
      await page.keyboard.press("Enter");
    };
    await signIn("AKIAADMIN", "wrong");
    await says(page, "#sign-in-note", /UnauthorizedException\s+\S/);
    await picture(page, "sign-in");
    assert.equal(await page.inputValue("#secret"), "");
    await signIn("AKIAADMIN", secret);
    await says(page, "#plan-name", "Secret plan");
    await says(page, "#state", "Live");
    await fillRow(page, 0, "replace", "/name", "a/b ('ü') *");
    await page.click("#apply");
    await says(page, "#patch-result p", "Applied: 1 change.");
    // Parameters that signatures encode.
    await page.fill("#key-search", "a/b ('ü') *+~%41");
    await says(page, "#keys-note", /No key of this plan/);
    assert.ok(!(await page.content()).includes(secret));
    await page.click("#sign-out");
    await page.waitForSelector("#sign-in:not([hidden])");
    assert.ok(!(await page.content()).includes(plan.id));
    await signIn("ASIASESSION", secret, token);
    await says(page, "#state", "Live");
    assert.equal(await page.inputValue("#token"), "");
    await close();

    // Where a browser cannot sign, the page says so.
    const context = await browser.newContext();
    await context.addInitScript(() => Object.defineProperty(crypto, "subtle", {value: undefined}));
    const old = await context.newPage();
    await old.goto(`${server.url}/`);
    await says(old, "#sign-in-note", /only on pages from localhost or over https/);
    await context.close();
    await end(server);
  },

  async "it fits every width, in the light and the dark"(browser) {
    const server = await serve();
    const plan = await create(`${server.url}/usageplans`, {name: "W".repeat(1024), description: "long ".repeat(500),
      apiStages: [{apiId: "a".repeat(256), stage: "s".repeat(256)}], quota: {limit: 8796093022207, period: "MONTH"}});
    await createKey(server.url, plan, "n".repeat(1024));
    for (const colorScheme of ["light", "dark"]) {
      const {page, close} = await openPage(browser, server.url, {colorScheme, reducedMotion: "reduce"});
      await says(page, "#totals", /Remaining/);
      await says(page, "#state", "Live");
      for (const width of [360, 768, 1600]) {
        await page.setViewportSize({width, height: 800});
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${over} pixels too wide at ${width}`);
      }
      await picture(page, `wide-${colorScheme}`);
      assert.deepEqual(await page.evaluate(lowContrasts), []);
      await close();
    }
    await end(server);
  },
};

// Runs in the page: the pairs of colours that are closer than WCAG 2 AA allows.
function lowContrasts() {
  const style = getComputedStyle(document.documentElement);
  const luminance = (name) => {
    const channels = style.getPropertyValue(name).match(/[0-9a-f]{2}/g).map((pair) => parseInt(pair, 16) / 255)
        .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
  };
  const text = ["ink panel", "ink ground", "ink well", "ink alarm-pale", "soft panel", "soft ground", "soft well",
    "water panel", "good panel", "alarm panel", "alarm ground", "alarm alarm-pale", "on-water water"];
  const marks = ["edge panel", "water panel", "water well", "stop panel", "water-soft panel"];
  return [...text.map((pair) => [pair, 4.5]), ...marks.map((pair) => [pair, 3])].filter(([pair, least]) => {
    const [light, dark] = pair.split(" ").map((name) => luminance(`--${name}`)).sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05) < least;
  }).map(([pair]) => pair);
}

// ---- All of them, one after the other.

const stop = () => {
  for (const child of servers) child.kill("SIGKILL");
  rmSync(scratch, {recursive: true, force: true});
};
const giveUp = () => {
  console.error("page_test: not done in time");
  stop();
  process.exit(1);
};
const watchdog = setTimeout(giveUp, 240_000);
process.once("SIGTERM", giveUp);

const browser = await chromium.launch({executablePath: "/usr/bin/chromium", args: [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"]});
let failures = 0;
for (const [name, test] of Object.entries(tests)) {
  const began = performance.now();
  try {
    await test(browser);
    console.log(`ok: ${name} (${Math.round(performance.now() - began)} ms)`);
  } catch (error) {
    failures++;
    console.error(`FAILED: ${name}\n${error.stack}`);
  }
}
await browser.close();
clearTimeout(watchdog);
agent.destroy();
stop();
process.exitCode = failures ? 1 : 0;
