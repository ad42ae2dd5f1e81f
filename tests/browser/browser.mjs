// The page in Chromium, and what a user does there.

import assert from "node:assert/strict";
import {createRequire} from "node:module";
import {join} from "node:path";

export const require = createRequire(new URL("../node/package.json", import.meta.url));
const {chromium} = require("playwright-core");

const kPatience = 20_000;
const pictures = process.argv[3];

export const startBrowser = () => chromium.launch({executablePath: "/usr/bin/chromium", args: [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"]});

// A page, of the plan with the id `plan` if there is one, that must ask nobody
// but `url`, say nothing on its console but of the `expected` refusals, and
// keep nothing. The answer to the path `lost` does not come. `asked` becomes the
// paths that it asks for.
export async function openPage(browser, url, {expected = [], plan = "", lost, ...options} = {}) {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...options});
  const page = await context.newPage();
  page.setDefaultTimeout(kPatience);
  const complaints = [];
  const asked = [];
  page.on("console", (message) => {
    const text = message.text();
    if (!expected.some((known) => text.includes(known))) complaints.push(`${message.type()}: ${text}`);
  });
  page.on("pageerror", (error) => complaints.push(error.stack));
  page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  context.on("request", (request) => {
    const target = request.url();
    if (target.startsWith(`${url}/`)) asked.push(target.slice(url.length));
    else if (!target.startsWith("data:")) complaints.push(`asked for ${target}`);
  });
  if (lost) await context.route(`${url}${lost}`, (route) => route.abort());
  await page.goto(`${url}/#${plan}`);
  const close = async () => {
    assert.deepEqual(complaints, []);
    const kept = await page.evaluate(() => localStorage.length + sessionStorage.length + document.cookie.length);
    assert.equal(kept, 0);
    await context.close();
  };
  return {page, close, asked};
}

const text = (page, selector) => page.locator(selector).innerText();

// Waits until the element's text is, or matches, `wanted`.
export async function says(page, selector, wanted) {
  const found = await page.waitForFunction(([selector, source, exact]) => {
    const text = document.querySelector(selector)?.innerText.replaceAll("\u202f", "");
    return (exact ? text === source : new RegExp(source).test(text)) && [text];
  }, [selector, wanted.source ?? wanted, !wanted.source], {timeout: kPatience}).catch(async () => {
    assert.fail(`${selector} says "${await text(page, selector)}", not ${wanted}`);
  });
  return (await found.jsonValue())[0];
}

export const choosePlan = async (page, plan) => {
  await page.click(`#plans a[data-id="${plan.id}"]`);
  await says(page, "#plan-name", plan.name);
};

// Waits until this many elements match.
export const count = (page, selector, number) => page.waitForFunction(
    ([selector, number]) => document.querySelectorAll(selector).length === number, [selector, number]);

// Hides the tab from its page, or shows it, as browsers do.
export const hideTab = (page, hidden) => page.evaluate((hidden) => {
  Object.defineProperty(document, "hidden", {configurable: true, value: hidden});
  document.dispatchEvent(new Event("visibilitychange"));
}, hidden);

export const focusedText = (page) => page.evaluate(() => document.activeElement.innerText);

export async function fillRow(page, i, op, path, value = "") {
  const row = page.locator("#rows .row").nth(i);
  await row.locator(".op").selectOption(op);
  await row.locator(".path").fill(path);
  await row.locator(".value").fill(value);
}

export async function picture(page, name, options = {}) {
  if (pictures) await page.screenshot({path: join(pictures, `${name}.png`), ...options});
}
