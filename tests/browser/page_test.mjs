// The page of `weir serve` in Chromium, against a real server.
//
// usage: node page_test.mjs WEIR [FOLDER]
// Pictures go to FOLDER, if one is given.

import assert from "node:assert/strict";
import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {
  choosePlan, count, fillRow, focusedText, hideTab, openPage, picture, require, says, startBrowser,
} from "./browser.mjs";
import {faintMarks, faintTexts, nameless, showsFocus} from "./page_checks.mjs";
import {call, create, createKey, end, serve, stopServers, use} from "./weir_server.mjs";

const scratch = mkdtempSync(join(process.env.TEST_TMPDIR ?? tmpdir(), "page_test_"));

const kNoAnswer = ["ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET",
  "ERR_INCOMPLETE_CHUNKED_ENCODING"];
const kHostile = "<img src=x onerror=alert(1)>";

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

  async "if a part of its script is lost, it says so"(browser) {
    const server = await serve();
    const broken = await openPage(browser, server.url, {lost: "/-/usage_sum.js", expected: ["ERR_FAILED"]});
    await says(broken.page, "#state", "Connecting");
    await broken.page.waitForSelector("#loading:visible");
    assert.deepEqual(await broken.page.evaluate(faintTexts), []);
    await broken.close();
    const whole = await openPage(browser, server.url);
    await says(whole.page, "#state", "Live");
    assert.equal(await whole.page.locator("#loading").count(), 0);
    await whole.close();
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
    await count(page, "#keys li", 1);
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
    // Back to rows, unless they cannot say it.
    await page.click(".modes >> text=Rows");
    await count(page, "#rows .row", 2);
    assert.equal(await page.locator("#rows .value").last().inputValue(), kHostile);
    await page.click(".modes >> text=JSON");
    await page.fill("#json", JSON.stringify({patchOperations: [{op: "copy", from: "/name", path: "/description"}]}));
    await page.click(".modes >> text=Rows");
    await says(page, "#patch-note", /Rows cannot show this/);
    assert.match(await page.inputValue("#json"), /copy/);
    await page.fill("#json", '{"patchOperations": []}');
    await page.click(".modes >> text=Rows");
    await count(page, "#rows .row", 0);
    // A row without a path is not sent.
    await page.click("#add-row");
    await page.click("#apply");
    assert.equal(await page.evaluate(() => document.activeElement.matches(".path:invalid")), true);
    assert.equal(await page.isVisible("#patch-note *"), false);
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
    const {page, close} = await openPage(browser, url, {expected: kNoAnswer});
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
    // How much a second that is depends on how long a busy browser took to look.
    const counts = [5000, 5000, 40];
    await page.route("**/metrics", (route) => route.fulfill({
      body: `weir_requests_total{outcome="admitted"} ${counts.length > 1 ? counts.shift() : counts[0]}\n`}));
    await says(page, "#rate-admitted", /^[1-9]\d?(\.\d)?$/);
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
    await count(page, "#plans li", 52);
    assert.equal(await page.isVisible("#more-plans"), false);
    // By keyboard alone.
    await page.focus(`#plans a[data-id="${many.id}"]`);
    await page.keyboard.press("Enter");
    await says(page, "#plan-name", "Many");
    assert.equal(await page.evaluate(() => document.activeElement.id), "plan-name");
    assert.equal(await page.locator("#plans [aria-current=true]").getAttribute("data-id"), many.id);
    await count(page, "#keys li", 10);
    await page.focus("#more-keys");
    await page.keyboard.press("Enter");
    await count(page, "#keys li", 12);
    assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), "Show the value of key-1");
    await page.keyboard.press("Enter");
    assert.match(await page.waitForFunction(() => document.activeElement.ariaLabel.startsWith("Hide") &&
        document.activeElement.ariaLabel).then((found) => found.jsonValue()), /^Hide the value of key-1$/);
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
    let server = await serve(`--credentials=${file}`, "--region=eu-west-1");
    const {APIGatewayClient, CreateUsagePlanCommand} = require("@aws-sdk/client-api-gateway");
    const client = new APIGatewayClient({endpoint: server.url, region: "eu-west-1",
      credentials: {accessKeyId: "AKIAADMIN", secretAccessKey: secret}});
    const plan = await client.send(new CreateUsagePlanCommand({name: "Secret plan"}));

    const {page, close} = await openPage(browser, server.url, {expected: ["status of 401", ...kNoAnswer]});
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
    assert.equal(await page.evaluate(() => document.activeElement.id), "secret");
    assert.deepEqual([...await page.evaluate(nameless), ...await page.evaluate(faintTexts)], []);
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
    // A server that comes back with other credentials says so, and shows nothing.
    await choosePlan(page, {id: plan.id, name: "a/b ('ü') *"});
    await end(server);
    await says(page, "#state", "Disconnected; trying again");
    writeFileSync(file, `[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = ${secret}\n`);
    server = await serve(`--credentials=${file}`, `--listen=${new URL(server.url).host}`);
    await says(page, "#state", "Signed out");
    await page.waitForTimeout(500);
    await says(page, "#sign-in-note", /UnauthorizedException/);
    assert.ok(!(await page.innerText("body")).includes(plan.id));
    await close();

    // Where a browser cannot sign, the page says so.
    const context = await browser.newContext();
    await context.addInitScript(() => Object.defineProperty(crypto, "subtle", {value: undefined}));
    const old = await context.newPage();
    await old.goto(`${server.url}/`);
    await says(old, "#sign-in-note", /let pages from localhost or over HTTPS sign/);
    assert.equal(await old.isVisible("#credentials"), false);
    await context.close();
    await end(server);
  },

  async "it fits every width, in the light and the dark"(browser) {
    const server = await serve();
    const plan = await create(`${server.url}/usageplans`, {name: "W".repeat(1024), description: "long ".repeat(500),
      apiStages: [{apiId: "a".repeat(256), stage: "s".repeat(256)}], quota: {limit: 8796093022207, period: "MONTH"}});
    await createKey(server.url, plan, "n".repeat(1024));
    for (const colorScheme of ["light", "dark"]) {
      const {page, close} = await openPage(browser, server.url, {
        colorScheme, reducedMotion: "reduce", expected: ["status of 400"]});
      await says(page, "#totals", /Remaining/);
      await says(page, "#state", "Live");
      for (const width of [360, 768, 1600]) {
        await page.setViewportSize({width, height: 800});
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${over} pixels too wide at ${width}`);
      }
      await picture(page, `wide-${colorScheme}`);
      await fillRow(page, 0, "add", "/name", "x");
      await page.click("#apply");
      await says(page, "#patch-note", /BadRequest/);
      await fillRow(page, 0, "replace", "/productCode", "P".repeat(1024));
      await page.click("#apply");
      await says(page, "#patch-result", /Applied/);
      for (const summary of await page.locator("summary:visible").all()) await summary.click();
      assert.deepEqual(await page.evaluate(faintTexts), []);
      assert.deepEqual(await page.evaluate(faintMarks), []);
      assert.deepEqual(await page.evaluate(nameless), []);
      await close();
    }
    await end(server);
  },

  async "it is used by keyboard, and shows where the focus is"(browser) {
    const server = await serve();
    const gold = await create(`${server.url}/usageplans`, {name: "Gold"});
    await createKey(server.url, gold, "key");
    const {page, close} = await openPage(browser, server.url, {expected: ["status of 400"]});
    await says(page, "#keys li", /enabled/);
    const visited = new Set();
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement === document.body)) break;
      visited.add(await page.evaluate(() => document.activeElement.id || document.activeElement.innerText));
      assert.ok(await page.evaluate(showsFocus), [...visited].at(-1));
    }
    for (const one of ["key-search", "Show", "Copy", "Usage", "from", "usage-key", "as-rows", "add-row", "apply"]) {
      assert.ok(visited.has(one), `no way to ${one}`);
    }
    // Pressing something does not lose the place.
    await fillRow(page, 0, "replace", "/name", "");
    await page.focus("#apply");
    await page.keyboard.press("Enter");
    await says(page, "#patch-note", /BadRequest/);
    assert.equal(await focusedText(page), "Apply patch");
    await page.focus("#plans a");
    await page.keyboard.press("Enter");
    assert.equal(await focusedText(page), "Gold");
    await close();
    await end(server);
  },

  async "it asks for no more than it shows, and rests while nobody looks"(browser) {
    const server = await serve();
    const {url} = server;
    const plan = await create(`${url}/usageplans`, {name: "Many", quota: {limit: 10, period: "DAY"}});
    const rows = Array.from({length: 2000}, (_, i) => `key-${i},${"v".repeat(20)}${i},true,${plan.id}`);
    const {status, text} = await call(`${url}/apikeys?mode=import&format=csv`, {
      method: "POST", body: ["name,key,enabled,usageplanIds", ...rows].join("\n")});
    assert.equal(status, 201, text);

    const {page, close, asked} = await openPage(browser, url);
    await count(page, "#keys .enabled", 10);
    await says(page, "#totals", /Remaining now\s+5000\s+Keys\s+500 so far/);
    await says(page, "#state", "Live");
    const data = asked.filter((path) => path !== "/" && path !== "/metrics" && !path.startsWith("/-/"));
    assert.equal(data.length, 5 + 10, data.join("\n"));  // Two lists of plans, a plan, keys, usage.
    await page.focus("#more-keys");
    await page.keyboard.press("Enter");
    await count(page, "#keys .enabled", 60);
    for (const keys of ["1000 so far", "1500 so far", "2000"]) {
      await page.click("#more-usage");
      await says(page, "#totals", new RegExp(`Keys\\s+${keys}$`));
    }
    assert.equal(await page.isVisible("#more-usage"), false);
    await page.fill("#key-search", "key-1999");
    await count(page, "#keys li", 1);
    await page.click("#keys button:text('Usage')");
    await says(page, "#totals", /Remaining now\s+10\s+Keys\s+1$/);

    asked.length = 0;
    await page.waitForTimeout(3000);
    const looks = asked.filter((path) => path === "/metrics").length;
    assert.ok(looks >= 1 && looks <= 4, asked.join("\n"));
    assert.ok(asked.length - looks <= 2, asked.join("\n"));
    await hideTab(page, true);
    asked.length = 0;
    await page.waitForTimeout(2500);
    assert.deepEqual(asked, []);
    await hideTab(page, false);
    await page.waitForRequest("**/metrics");
    await close();
    await end(server);
  },

  async "it says whose quota is used up, and that there is no such plan"(browser) {
    const server = await serve();
    const {url} = server;
    const plan = await create(`${url}/usageplans`, {name: "Small", apiStages: [{apiId: "api", stage: "prod"}],
      quota: {limit: 3, period: "DAY"}});
    const thrifty = await createKey(url, plan, "thrifty");
    const greedy = await createKey(url, plan, "greedy");
    await use(url, thrifty, 2);
    assert.deepEqual(await use(url, greedy, 4), {200: 3, 429: 1});
    const {page, close} = await openPage(browser, url, {
      plan: "nosuchplan", expected: ["status of 404", ...kNoAnswer]});
    await says(page, "#plan-note", /NotFoundException/);
    assert.equal(await page.isVisible("#keys-title, #usage-title, #change-title"), false);
    await choosePlan(page, plan);
    await says(page, "#totals", new RegExp(`Used in these days\\s+5\\s+[^]*Quota used up\\s+1 key\\s*${greedy.id}$`));
    assert.equal(await page.isVisible("#change-title"), true);
    await page.selectOption("#usage-key", thrifty.id);
    await says(page, "#totals", /Remaining now\s+1\s+Keys\s+1$/);
    // Without a store, the next process does not know the plan.
    await end(server);
    await says(page, "#state", "Disconnected; trying again");
    const again = await serve(`--listen=${new URL(url).host}`);
    await says(page, "#plan-note", /NotFoundException/);
    assert.equal(await page.isVisible("#keys-title, #usage-title, #change-title"), false);
    await says(page, "#plans-note", /There is no usage plan yet/);
    await close();
    await end(again);
  },

  async "it says which keys are refused most, and why"(browser) {
    const server = await serve();
    const {url} = server;
    const gold = await create(`${url}/usageplans`, {name: "Gold", apiStages: [{apiId: "api", stage: "prod"}],
      throttle: {burstLimit: 1, rateLimit: 0.001}});
    const other = await create(`${url}/usageplans`, {name: "Other"});
    const {page, close} = await openPage(browser, url);
    await says(page, "#refused-note", "No key was refused.");
    await says(page, "#refused-time", /^in the last \d+ s$/);
    assert.equal(await page.isVisible("#refused"), false);
    const mobile = await createKey(url, gold, "mobile");
    const hostile = await createKey(url, gold, kHostile);
    const stray = await createKey(url, other, "stray");
    assert.deepEqual(await use(url, mobile, 5), {200: 1, 429: 4});
    await use(url, hostile, 3);
    await use(url, stray, 1);
    await use(url, {value: "unknown"}, 2);
    await count(page, "#refused tbody tr", 3);
    await says(page, "#refused tbody tr:nth-child(1) th", new RegExp(`^mobile\\s*${mobile.id}\\s+Plan Gold$`));
    await says(page, "#refused tbody tr:nth-child(1)", /\s4\s+4\s+0\s+0\s+\d+ s ago, throttle\s+api:prod$/);
    await says(page, "#refused tbody tr:nth-child(2) .name", kHostile);
    await says(page, "#refused tbody tr:nth-child(3)", /\s1\s+0\s+0\s+1\s+\d+ s ago, stage not in the plan\s+api:prod$/);
    await says(page, "#refused-note", "2 requests without a known key.");
    assert.ok(!(await page.content()).includes(mobile.value));
    // To its plan, with a focus that stays while the table changes.
    await choosePlan(page, other);
    await page.focus("#refused tbody tr:nth-child(1) a");
    await use(url, mobile, 1);
    await says(page, "#refused tbody tr:nth-child(1)", /\s5\s+5\s+0\s+0\s/);
    assert.equal(await focusedText(page), "Gold");
    await page.keyboard.press("Enter");
    await says(page, "#plan-name", "Gold");
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({colorScheme});
      assert.deepEqual(await page.evaluate(faintTexts), []);
      assert.deepEqual(await page.evaluate(nameless), []);
      await picture(page, `refused-${colorScheme}`);
    }
    await page.setViewportSize({width: 360, height: 800});
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${over} pixels too wide`);
    await picture(page, "refused-narrow");
    // What a narrow page leaves out is there again.
    assert.equal(await page.isVisible("#refused thead th:nth-child(3)"), false);
    await page.setViewportSize({width: 1280, height: 800});
    await page.route("**/-/refused-keys*", (route) => route.fulfill({contentType: "application/json", body: JSON.stringify({
      since: "2026-11-30T15:00:00.000000Z", until: "2026-11-30T15:05:12.000000Z", throttled: 1, quota_exceeded: 0,
      forbidden: 0, unknown_key: 0, uncounted: 9, keys: [{key_id: null, key_name: null, usage_plan_id: null,
        usage_plan_name: null, refused: 1, throttled: 1, quota_exceeded: 0, forbidden: 0, uncertain: 70,
        limit: "quota", api_id: null, stage: null, last_time: "2026-11-30T15:04:00.000000Z"}]})}));
    await says(page, "#refused tbody tr", /^deleted\s+1\+\s+1\s+0\s+0\s+1 min 12 s ago, quota$/);
    await says(page, "#refused-note", /^9 refusals came too fast [^]* \+ and up to 70 more: /);
    await says(page, "#refused-time", "in the last 5 min 12 s");
    await close();
    await end(server);
  },

  async "long lists fold"(browser) {
    const server = await serve();
    const throttle = Object.fromEntries(Array.from({length: 40}, (_, i) => [`/r${i}/GET`, {rateLimit: 1, burstLimit: i}]));
    const plan = await create(`${server.url}/usageplans`, {name: "Long", throttle: {rateLimit: 1, burstLimit: 1},
      tags: Object.fromEntries(Array.from({length: 50}, (_, i) => [`${"k".repeat(100)}${i}`, "v".repeat(256)])),
      apiStages: Array.from({length: 300}, (_, i) => ({apiId: `api${i}`, stage: "prod", throttle}))});
    const {page, close} = await openPage(browser, server.url, {plan: plan.id});
    await says(page, "#plan-facts", /API stages\s+300 stages\s+Tags\s+50 tags$/);
    await page.click("summary:text('300 stages')");
    await says(page, "#plan-facts", /api299:prod 40 methods/);
    await page.locator("#plan-facts li summary").last().click();
    await says(page, "#plan-facts li:last-child table", /\/r39\/GET\s+1\/s, burst 39/);
    const height = await page.locator(".plan").evaluate((panel) => panel.offsetHeight);
    assert.ok(height < 1000, `${height} pixels`);
    await close();
    await end(server);
  },
};

// ---- All of them, one after the other.

const stop = () => {
  stopServers();
  rmSync(scratch, {recursive: true, force: true});
};
const giveUp = () => {
  console.error("page_test: not done in time");
  stop();
  process.exit(1);
};
const watchdog = setTimeout(giveUp, 240_000);
process.once("SIGTERM", giveUp);

const browser = await startBrowser();
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
stop();
process.exitCode = failures ? 1 : 0;
