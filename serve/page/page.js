// The page of `weir serve`: what the server knows, drawn, and a form for
// patches. Whoever chose names and texts, they become text nodes and never
// markup; the Content-Security-Policy holds the page to that.

const $ = (id) => document.getElementById(id);

// An element with properties, and children that are elements or text.
function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function shape(name, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// Digits in threes by narrow spaces, which no locale takes for a decimal point.
const decimal = new Intl.NumberFormat("en", {maximumFractionDigits: 6});
const grouped = (number) => decimal.format(number).replaceAll(",", "\u202f");
const perSecond = (rate) => grouped(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate));
const plural = (count, noun) => `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;

// ---- Requests to the server, signed if it asks for that.

// What the server answered instead of a result, or what kept it from answering.
class Refusal extends Error {
  constructor(type, message, status = 0) {
    super(message);
    Object.assign(this, {type, status});
  }
}

// All but RFC 3986's unreserved characters as %XY.
const encoded = (text) => encodeURIComponent(text).replace(
    /[!'()*]/g, (sign) => "%" + sign.charCodeAt(0).toString(16).toUpperCase());

// A path with parameters, in the order that signatures want them.
const target = (path, parameters) => path + Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== "").sort()
    .map(([name, value], i) => `${i ? "&" : "?"}${name}=${encoded(value)}`).join("");

const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) => Array.from(
    new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (text) => hex(await crypto.subtle.digest("SHA-256", bytes(text)));
const macKey = (secret) => crypto.subtle.importKey(
    "raw", secret, {name: "HMAC", hash: "SHA-256"}, false, ["sign"]);
const mac = (key, text) => crypto.subtle.sign("HMAC", key, bytes(text));

let signer;  // {id, key, token, region}: the key cannot be read back, only used.

// The headers that AWS's Signature Version 4 adds to a request.
async function signature(method, url, body) {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const [path, query = ""] = url.split("?");
  const headers = {host: location.host, "x-amz-date": time};
  if (signer.token) headers["x-amz-security-token"] = signer.token;
  const names = Object.keys(headers).join(";");
  const request = [
    method, path.split("/").map(encoded).join("/"), query,
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`), "",
    names, await sha256(body),
  ].join("\n");
  const parts = [time.slice(0, 8), signer.region, "apigateway", "aws4_request"];
  const scope = parts.join("/");
  let key = signer.key;
  for (const part of parts) key = await macKey(await mac(key, part));
  const proof = hex(await mac(
      key, ["AWS4-HMAC-SHA256", time, scope, await sha256(request)].join("\n")));
  delete headers.host;  // The browser's to send.
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${signer.id}/${scope}, ` +
      `SignedHeaders=${names}, Signature=${proof}`;
  return headers;
}

// The text of the answer. Throws a Refusal, or an AbortError once `signal` is.
async function call(method, url, {body = "", signal} = {}) {
  const asked = signer;
  const headers = {accept: "application/json"};
  if (body) headers["content-type"] = "application/json";
  if (signer) Object.assign(headers, await signature(method, url, body));
  const patience = AbortSignal.timeout(10_000);
  let response, text;
  try {
    response = await fetch(url, {
      method, headers, body: body || undefined, cache: "no-store",
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw new Refusal("No answer", `${location.host} does not answer.`);
  }
  signal?.throwIfAborted();
  if (response.ok) return text;
  let message = text;
  try { message = JSON.parse(text).message ?? text; } catch { /* Not JSON: as it is. */ }
  const type = response.headers.get("x-amzn-ErrorType")?.split(":")[0];
  const refusal = new Refusal(type ?? `HTTP status ${response.status}`, message, response.status);
  if (response.status === 401 && signer === asked) askToSignIn(refusal);
  throw refusal;
}

const ask = async (url, signal) => JSON.parse(await call("GET", url, {signal}));

// ---- What a part of the page says of itself.

function showError(note, error, again) {
  const box = element("div", {className: "alarm"},
      element("strong", {}, error.type ?? error.name), element("p", {}, error.message));
  if (again) box.append(element("button", {type: "button", onclick: again}, "Try again"));
  note.replaceChildren(box);
}

// Runs `work`; meanwhile `note` says that it loads, and afterwards what went
// wrong. What was aborted says nothing: somebody else has the note.
async function attempt(note, signal, work) {
  note.replaceChildren(element("p", {className: "wait"}, "Loading…"));
  try {
    const remark = await work();
    note.replaceChildren(...(remark ? [remark].flat() : []));
  } catch (error) {
    if (!signal?.aborted) showError(note, error, () => attempt(note, signal, work));
  }
}

// A list that grows by pages. `url(position)` is where a page comes from,
// `row(item)` an item's element, `empty()` what to say when there is none.
class Pages {
  constructor(name, {url, row, empty}) {
    Object.assign(this, {url, row, empty});
    [this.list, this.note, this.more] = [$(name), $(`${name}-note`), $(`more-${name}`)];
    this.more.onclick = () => this.#load(this.position);
  }

  restart() {
    this.stop();
    this.list.replaceChildren();
    return this.#load();
  }

  stop() {
    this.life?.abort();
    this.life = new AbortController();
  }

  #load(position) {
    const {signal} = this.life;
    this.more.hidden = true;
    return attempt(this.note, signal, async () => {
      const page = await ask(this.url(position), signal);
      this.list.append(...page.item.map((item) => this.row(item, signal)));
      this.position = page.position;
      this.more.hidden = !page.position;
      return this.list.childElementCount ? null : this.empty();
    });
  }
}

// ---- Signing in.

function askToSignIn(refusal) {
  const note = $("sign-in-note");
  note.replaceChildren();
  if (!globalThis.crypto?.subtle) {
    showError(note, new Refusal("Not here", "Browsers sign only on pages from localhost or over https."));
  } else if (signer) {
    showError(note, refusal);
  }
  signer = undefined;
  showState("", "Signed out");
  show(false);
}

function show(content) {
  $("content").hidden = !content;
  $("sign-in").hidden = content;
  $("sign-out").hidden = !signer;
  if (!content) {
    stopPlan();
    plans.stop();
    plans.list.replaceChildren();
    $("access-key").focus();
  }
}

$("credentials").onsubmit = async (event) => {
  event.preventDefault();
  if (!globalThis.crypto?.subtle) return;
  const key = await macKey(bytes("AWS4" + $("secret").value));
  const text = (id) => $(id).value.trim();
  signer = {id: text("access-key"), key, token: text("token"), region: text("region")};
  $("secret").value = $("token").value = "";
  open().catch((error) => { if (error.status !== 401) showError($("sign-in-note"), error); });
};

$("sign-out").onclick = () => {
  signer = undefined;
  askToSignIn();
};

// ---- Traffic.

const kWindow = 120_000;  // Milliseconds that the chart shows.
const kOutcomes = ["admitted", "throttled", "quota_exceeded", "forbidden"];
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let samples = [];  // {time, admitted, refused}, per second, the latest last.
let previous;  // {time, counts} of the last look at the counters.

// The counters of the Prometheus text, by outcome.
function countsIn(text) {
  const counts = Object.fromEntries(kOutcomes.map((outcome) => [outcome, 0]));
  for (const [, outcome, count] of text.matchAll(
      /^weir_requests_total\{(?:.*,)?outcome="(\w+)".*\} (\S+)/gm)) {
    if (outcome in counts) counts[outcome] += Number(count);
  }
  return counts;
}

async function look() {
  const counts = countsIn(await call("GET", "/metrics"));
  const time = performance.now();
  if (previous) {
    const seconds = (time - previous.time) / 1000;
    // A counter that went back began anew with its process: all of it is new.
    const restarted = kOutcomes.some((outcome) => counts[outcome] < previous.counts[outcome]);
    const rates = kOutcomes.map(
        (outcome) => (counts[outcome] - (restarted ? 0 : previous.counts[outcome])) / seconds);
    kOutcomes.forEach((outcome, i) => { $(`rate-${outcome}`).textContent = perSecond(rates[i]); });
    const [admitted, ...others] = rates;
    samples.push({time, admitted, refused: others.reduce((sum, rate) => sum + rate)});
    samples = samples.filter((sample) => sample.time > time - kWindow - 2000);
    drawTraffic(time, seconds);
  }
  previous = {time, counts};
}

// 1, 2 or 5 times a power of ten, and at least `peak`.
function roundScale(peak) {
  const power = 10 ** Math.floor(Math.log10(Math.max(peak, 1)));
  return [1, 2, 5, 10].map((step) => step * power).find((scale) => scale >= peak);
}

function drawTraffic(now, seconds) {
  const top = roundScale(Math.max(1, ...samples.map(({admitted, refused}) => admitted + refused)));
  $("scale-top").textContent = `${grouped(top)}/s`;
  $("scale-middle").textContent = grouped(top / 2);
  // Where nobody looked for a while, the area has a gap.
  const runs = [];
  samples.forEach((sample, i) => {
    if (!i || sample.time - samples[i - 1].time > 3000) runs.push([]);
    runs.at(-1).push(sample);
  });
  const x = ({time}) => (120 - (now - time) / 1000).toFixed(2);
  const area = (height) => runs.map((run) => `M${x(run[0])} 100` +
      run.map((sample) => `L${x(sample)} ${(100 - 100 * height(sample) / top).toFixed(2)}`).join("") +
      `L${x(run.at(-1))} 100Z`).join("");
  $("admitted-area").setAttribute("d", area(({admitted}) => admitted));
  $("refused-area").setAttribute("d", area(({admitted, refused}) => admitted + refused));
  if (calm.matches || seconds > 3) return;
  $("flow").animate([{transform: `translateX(${seconds}px)`}, {transform: "none"}], 1000 * seconds);
}

function showState(kind, text) {
  $("state").className = `state ${kind}`;
  if ($("state").textContent !== text) $("state").textContent = text;
}

// Looks once a second, while somebody looks at the page.
async function watch() {
  const began = performance.now();
  if (document.hidden || $("content").hidden) {
    previous = undefined;
  } else {
    try {
      await look();
      $("traffic-note").replaceChildren();
      if ($("state").classList.contains("lost")) reload();
      showState("live", "Live");
    } catch (error) {
      previous = undefined;
      kOutcomes.forEach((outcome) => { $(`rate-${outcome}`).textContent = "–"; });
      if (error.status) showError($("traffic-note"), error);
      if (error.status !== 401) showState("lost", `${error.status ? "Error" : "Disconnected"}; trying again`);
    }
  }
  setTimeout(watch, Math.max(750, 1000 - (performance.now() - began)));
}

// ---- The list of plans.

const kPeriods = {DAY: "a day", WEEK: "a week", MONTH: "a month"};
const throttleText = ({rateLimit = 0, burstLimit = 0}) =>
  `${grouped(rateLimit)}/s, burst ${grouped(burstLimit)}`;
const quotaText = ({limit, period}) => `${grouped(limit)} ${kPeriods[period] ?? period}`;
const stageText = ({apiId, stage}) => `${apiId}:${stage}`;
const plainName = (text) => element("bdi", {className: "name"}, text ?? "");

const plans = new Pages("plans", {
  url: (position) => target("/usageplans", {limit: 50, position}),
  row: (plan) => element("li", {}, fillPlanLink(element("a"), plan)),
  empty: () => {
    const command = `aws apigateway create-usage-plan --endpoint-url ${location.origin} --name basic`;
    return [element("p", {}, "There is no usage plan yet. One way to make one:"),
      element("code", {}, command)];
  },
});

function fillPlanLink(link, plan) {
  const stages = plan.apiStages?.length ?? 0;
  const limits = [stages ? plural(stages, "stage") : "no stage",
    plan.throttle ? throttleText(plan.throttle) : "no throttle",
    plan.quota ? quotaText(plan.quota) : "no quota"];
  link.href = `#${encoded(plan.id)}`;
  link.dataset.id = plan.id;
  link.replaceChildren(plainName(plan.name), element("code", {}, plan.id),
      ...limits.map((text) => element("span", {className: "limit"}, text)));
  return link;
}

const planLinks = () => [...plans.list.querySelectorAll("a")];
const markPlan = () => planLinks().forEach(
    (link) => { link.ariaCurrent = link.dataset.id === planId ? "true" : null; });

// ---- One plan.

let planLife = new AbortController();  // Ends when another plan is shown.
let planId;

function stopPlan() {
  planLife.abort();
  planLife = new AbortController();
  planId = undefined;
  keys.stop();
  for (const part of ["plan-name", "plan-id", "plan-description", "plan-facts", "keys", "totals",
    "bars", "day-rows", "rows", "patch-note", "patch-result", "path-lists"]) {
    $(part).replaceChildren();
  }
  $("usage-key").replaceChildren(element("option", {value: ""}, "all keys"));
  $("key-search").value = $("json").value = "";
  $("plan").hidden = true;
  document.title = "Weir";
}

function openPlan(id) {
  stopPlan();
  if (id === undefined) return;
  planId = id;
  markPlan();
  $("plan").hidden = false;
  $("plan-name").textContent = $("plan-id").textContent = id;
  $("as-rows").checked = true;
  showMode();
  addRow();
  refreshPlan();
}

function refreshPlan() {
  const {signal} = planLife;
  attempt($("plan-note"), signal, async () => drawPlan(await ask(planPath(), signal)));
  keys.restart();
  usage.restart();
}

const fact = ([term, text]) => element("div", {}, element("dt", {}, term), element("dd", {}, text));
const planPath = () => `/usageplans/${encoded(planId)}`;

function drawPlan(plan) {
  $("plan-name").textContent = plan.name;
  $("plan-description").textContent = plan.description ?? "";
  document.title = `${plan.name} – Weir`;
  const stages = plan.apiStages ?? [];
  const tags = Object.entries(plan.tags ?? {});
  const facts = [
    ["Throttle of each key", plan.throttle ? throttleText(plan.throttle) : "none"],
    ["Quota of each key", plan.quota
        ? quotaText(plan.quota) + (plan.quota.offset ? `, offset ${grouped(plan.quota.offset)}` : "")
        : "none"],
    ["API stages", stages.length ? element("ul", {}, ...stages.map(drawStage)) : "none: it admits nothing yet"],
  ];
  if (plan.productCode) facts.push(["Product code", plan.productCode]);
  if (tags.length) {
    facts.push(["Tags", element("div", {}, ...tags.map(
        ([name, value]) => element("span", {className: "tag"}, `${name}: ${value}`)))]);
  }
  $("plan-facts").replaceChildren(...facts.map(fact));
  drawPathLists(stages);
  const link = planLinks().find((link) => link.dataset.id === plan.id);
  if (link) fillPlanLink(link, plan);
}

// A stage, and below it the throttles of its methods, once they are asked for.
function drawStage(stage) {
  const name = element("code", {}, stageText(stage));
  const methods = Object.entries(stage.throttle ?? {});
  if (!methods.length) return element("li", {}, name);
  const details = element("details", {},
      element("summary", {}, name, ` ${plural(methods.length, "method")}`));
  details.addEventListener("toggle", () => details.append(element("table", {}, element("tbody", {},
      ...methods.map(([method, throttle]) => element("tr", {},
          element("td", {}, element("code", {}, method)), element("td", {}, throttleText(throttle))))))),
      {once: true});
  return element("li", {}, details);
}

// ---- The plan's keys.

const keys = new Pages("keys", {
  url: (position) => target(`${planPath()}/keys`, {limit: 10, name: $("key-search").value, position}),
  row: drawKey,
  empty: () => $("key-search").value
    ? "No key of this plan has a name that begins so." : "No key belongs to this plan yet.",
});

const keyPath = (id) => `/apikeys/${encoded(id)}`;

function drawKey({id, name}, signal) {
  const badge = element("span");
  const value = element("code", {className: "value"});
  const note = element("div");
  const toggle = element("button", {type: "button", className: "quiet"});
  const copy = element("button", {type: "button", className: "quiet"}, "Copy");
  toggle.setAttribute("aria-label", `Show or hide the value of ${name || id}`);
  copy.setAttribute("aria-label", `Copy the value of ${name || id}`);

  const mask = (text) => {
    value.textContent = text ?? "••••••••••••";
    value.classList.toggle("masked", text === undefined);
    toggle.textContent = text === undefined ? "Show" : "Hide";
  };
  const guarded = (work) => async () => {
    try {
      note.replaceChildren();
      await work(async () => (await ask(target(keyPath(id), {includeValue: "true"}), signal)).value);
    } catch (error) {
      if (!signal.aborted) showError(note, error);
    }
  };
  toggle.onclick = guarded(async (secret) => {
    mask(value.classList.contains("masked") ? await secret() : undefined);
  });
  copy.onclick = guarded(async (secret) => {
    const text = await secret();
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 2000);
    } else {  // Neither localhost nor https: marked, for the user to copy.
      mask(text);
      getSelection().selectAllChildren(value);
    }
  });

  mask();
  ask(keyPath(id), signal).then(({enabled}) => {
    badge.className = badge.textContent = enabled ? "enabled" : "disabled";
  }).catch((error) => { badge.title = error.message; });
  const options = [...$("usage-key").options];
  if (!options.some((option) => option.value === id)) {
    $("usage-key").append(element("option", {value: id}, name ? `${name} (${id})` : id));
  }
  return element("li", {}, element("div", {}, plainName(name), element("code", {className: "id"}, id)),
      badge, element("div", {className: "secret"}, value, toggle, copy), note);
}

let searchTimer;
$("key-search").oninput = () => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => keys.restart(), 250);
};

// ---- Usage.

const kDay = 86_400_000;
const isoDay = (time) => new Date(time).toISOString().slice(0, 10);

// The sum over keys, of which a page of answers brings some.
const usage = {
  restart() {
    this.life?.abort();
    this.life = new AbortController();
    this.keyCount = 0;
    this.days = undefined;
    for (const part of ["totals", "bars", "day-rows"]) $(part).replaceChildren();
    $("days").hidden = true;
    if ($("range").reportValidity()) this.load();
  },

  load(position) {
    const signal = AbortSignal.any([this.life.signal, planLife.signal]);
    $("more-usage").hidden = true;
    return attempt($("usage-note"), signal, async () => {
      const page = await ask(target(`${planPath()}/usage`, {
        startDate: $("from").value, endDate: $("to").value, keyId: $("usage-key").value,
        limit: 500, position}), signal);
      this.position = page.position;
      this.add(page);
      $("more-usage").hidden = !page.position;
      return this.keyCount ? null : "No key, so no usage.";
    });
  },

  add({startDate, values}) {
    for (const days of Object.values(values ?? {})) {
      this.keyCount++;
      this.days ??= days.map((_, i) => ({
        date: isoDay(Date.parse(startDate) + i * kDay), used: 0, remaining: 0, limited: true}));
      days.forEach(([used, remaining], i) => {
        this.days[i].used += used;
        this.days[i].limited &&= remaining >= 0;  // -1: there was no quota.
        this.days[i].remaining += remaining;
      });
    }
    if (this.days) this.draw(this.days);
  },

  draw(days) {
    const last = days.at(-1);
    const left = ({limited, remaining}) => limited ? grouped(remaining) : "no quota";
    const when = last.date >= isoDay(Date.now()) ? "now" : `at the end of ${last.date}`;
    $("totals").replaceChildren(...[
      ["Used in these days", grouped(days.reduce((sum, {used}) => sum + used, 0))],
      [`Remaining ${when}`, left(last)],
      ["Keys", grouped(this.keyCount) + (this.position ? " so far" : "")],
    ].map(fact));

    const titles = days.map((day) => `${day.date} (UTC): ${grouped(day.used)} used, ` +
        `${day.limited ? `${grouped(day.remaining)} remaining` : "no quota"}`);
    $("bars").replaceChildren(
        ...bars("Used", "used", days.map(({used}) => used), titles),
        ...days.some(({limited}) => limited) ? bars("Remaining when the day ends", "left low",
            days.map(({limited, remaining}) => limited ? remaining : 0), titles) : [],
        element("figcaption", {}, element("span", {}, days[0].date), element("span", {}, last.date)));
    $("day-rows").replaceChildren(...days.toReversed().map((day) => element("tr", {},
        ...[day.date, grouped(day.used), left(day)].map((text) => element("td", {}, text)))));
    $("days").hidden = false;
  },
};

// A bar for each number, under a line that says what they are and how high.
function bars(title, kind, numbers, titles) {
  const peak = Math.max(...numbers);
  const chart = shape("svg", {viewBox: `0 0 ${numbers.length} 100`, preserveAspectRatio: "none",
    class: kind, role: "img", "aria-label": `${title}, by day; the numbers are in the table below`});
  numbers.forEach((number, i) => {
    const height = number && Math.max(1.5, 100 * number / peak);
    chart.append(shape("rect", {class: kind, x: i + 0.1, width: 0.8, y: 100 - height, height}),
        shape("rect", {class: "day", x: i, width: 1, y: 0, height: 100}, shape("title", {}, titles[i])));
  });
  return [element("h4", {}, element("span", {}, title), element("span", {}, `highest ${grouped(peak)}`)), chart];
}

$("more-usage").onclick = () => usage.load(usage.position);
$("usage-again").onclick = () => usage.restart();
$("range").onchange = () => usage.restart();
$("range").onsubmit = (event) => event.preventDefault();
$("from").value = isoDay(Date.now() - 29 * kDay);
$("to").value = isoDay(Date.now());

// ---- The patch.

// What each path takes: for which operations, and as what value.
const kPaths = [
  ["/name", "replace", "text"],
  ["/description", "replace", "text"],
  ["/productCode", "add replace remove", "text"],
  ["/apiStages", "add remove", "apiId:stage"],
  ["/throttle", "remove"],
  ["/throttle/rateLimit", "add replace", "requests per second, like 0.5"],
  ["/throttle/burstLimit", "add replace", "whole number"],
  ["/quota", "remove"],
  ["/quota/limit", "add replace", "whole number"],
  ["/quota/offset", "add replace", "whole number"],
  ["/quota/period", "add replace", "DAY, WEEK or MONTH"],
];
const kStagePaths = [
  ["", "add replace remove", "{\"/pets/GET\":{\"rateLimit\":1,\"burstLimit\":2}}"],
  ["{method}", "remove"],
  ["{method}/rateLimit", "add replace", "requests per second, like 0.5"],
  ["{method}/burstLimit", "add replace", "whole number"],
];
let suggestions = [];

// One list of paths for each operation: those that it can have in this plan.
// A method begins with a slash of its own: "/throttle//pets/GET".
function drawPathLists(stages) {
  suggestions = kPaths.concat(stages.slice(0, 50).flatMap((stage) =>
    [...Object.keys(stage.throttle ?? {}).slice(0, 50), "/path/GET"].flatMap((method, i) =>
      kStagePaths.filter(([tail]) => tail || !i).map(([tail, ...rest]) =>
        [`/apiStages/${stageText(stage)}/throttle${tail && "/"}${tail.replace("{method}", () => method)}`, ...rest]))));
  $("path-lists").replaceChildren(...["add", "replace", "remove"].map((op) =>
    element("datalist", {id: `paths-${op}`}, ...suggestions
        .filter(([, ops]) => ops.includes(op)).map(([path]) => element("option", {value: path})))));
}

function valueHint(path, op) {
  const known = suggestions.find(([known]) => known === path);
  if (op === "remove" && path !== "/apiStages") return "no value";
  return known?.[2] ?? (/Limit$/.test(path) ? "number" : "value");
}

function addRow() {
  const what = element("select", {className: "op", ariaLabel: "Operation"},
      ...["replace", "add", "remove"].map((name) => element("option", {}, name)));
  const where = element("input", {className: "path", placeholder: "/path", ariaLabel: "Path",
    spellcheck: false, autocomplete: "off", autocapitalize: "none"});
  const text = element("input", {className: "value", ariaLabel: "Value", autocomplete: "off"});
  const away = element("button", {type: "button", ariaLabel: "Take this operation out"}, "×");
  const row = element("div", {className: "row", role: "group", ariaLabel: "Operation of the patch"},
      what, where, text, away);
  const hint = () => {
    where.setAttribute("list", `paths-${what.value}`);
    text.placeholder = valueHint(where.value, what.value);
  };
  what.onchange = where.oninput = hint;
  away.onclick = () => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("input") ?? $("add-row")).focus();
  };
  hint();
  $("rows").append(row);
  return where;
}

// Values are always text, as AWS's clients send them.
const operationsOfRows = () => [...$("rows").children].map((row) => {
  const [op, path, value] = ["op", "path", "value"].map((part) => row.querySelector(`.${part}`).value);
  return op === "remove" && value === "" ? {op, path} : {op, path, value};
});

// JSON begins with what the rows say; the rows stay as they are meanwhile.
function showMode() {
  const json = $("as-json").checked;
  if (json) $("json").value = JSON.stringify({patchOperations: operationsOfRows()}, null, 2);
  $("json").hidden = !json;
  $("rows").hidden = $("add-row").hidden = json;
}

$("as-rows").onchange = $("as-json").onchange = showMode;
$("add-row").onclick = () => addRow().focus();

// All that a plan says, by path.
function leaves(value, path = "", found = new Map()) {
  if (path === "/apiStages") {
    for (const stage of value) {
      found.set(`${path}/${stageText(stage)}`, "covered");
      leaves(stage.throttle ?? {}, `${path}/${stageText(stage)}/throttle`, found);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      leaves(member, `${path}/${name}`, found);
    }
  } else {
    found.set(path, typeof value === "number" ? grouped(value) : String(value));
  }
  return found;
}

function drawChanges(before, after) {
  const [old, now] = [leaves(before), leaves(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])]
      .filter((path) => old.get(path) !== now.get(path)).sort();
  const cell = (text) => element("td", {}, text === undefined ? "–" : element("bdi", {}, text));
  $("patch-result").replaceChildren(
      element("p", {}, paths.length ? `Applied: ${plural(paths.length, "change")}.` : "Applied. The plan was so already."),
      ...paths.length ? [element("table", {className: "changes"},
          element("thead", {}, element("tr", {},
              ...["Path", "Before", "After"].map((text) => element("th", {scope: "col"}, text)))),
          element("tbody", {}, ...paths.map((path) => element("tr", {},
              element("td", {}, element("code", {}, path)), cell(old.get(path)), cell(now.get(path))))))] : []);
}

$("patch").onsubmit = async (event) => {
  event.preventDefault();
  const {signal} = planLife;
  const body = $("as-json").checked
    ? $("json").value : JSON.stringify({patchOperations: operationsOfRows()});
  $("patch-note").replaceChildren();
  $("patch-result").replaceChildren();
  $("apply").disabled = true;
  try {
    const before = await ask(planPath(), signal);
    const after = JSON.parse(await call("PATCH", planPath(), {body, signal}));
    drawChanges(before, after);
    drawPlan(after);
    usage.restart();
  } catch (error) {
    if (!signal.aborted) showError($("patch-note"), error);
  } finally {
    $("apply").disabled = false;
  }
};

// ---- All together.

function wantedPlan() {
  try { return decodeURIComponent(location.hash.slice(1)) || undefined; } catch { return undefined; }
}

// The plans, and the one that the address names, or the first.
async function reload() {
  await plans.restart();
  if (planId) {
    markPlan();
    refreshPlan();
  } else {
    openPlan(wantedPlan() ?? planLinks()[0]?.dataset.id);
  }
}

// Shows the page if the server lets us.
async function open() {
  await call("GET", target("/usageplans", {limit: 1}));
  show(true);
  await reload();
}

onhashchange = () => {
  if (wantedPlan() === planId || $("content").hidden) return;
  openPlan(wantedPlan() ?? planLinks()[0]?.dataset.id);
  $("plan-name").focus();
};

function tick() {
  const now = new Date();
  $("clock").dateTime = now.toISOString();
  $("clock").textContent = now.toISOString().slice(0, 19).replace("T", " ");
  setTimeout(tick, 1000 - now.getMilliseconds());
}

tick();
open().catch((error) => {
  if (error.status === 401) return;
  show(true);
  showState("lost", "Disconnected; trying again");
  showError($("plans-note"), error, reload);
}).finally(watch);
