// Usage by day: of which days and keys, and loading it.

import {ask} from "./api.js";
import {$, element} from "./dom.js";
import {attempt} from "./notes.js";
import {isoDay, kDay} from "./text.js";
import {target} from "./url.js";
import {clearUsage, drawUsage} from "./usage_chart.js";
import {UsageSum} from "./usage_sum.js";

const kDays = 30;
const kKeys = 500;  // The most in a page of answers.

let plan;
let life = new AbortController();
let sum;
let position;  // Where the keys go on that are not in the sum.
let today = isoDay(Date.now());
const offered = new Set();  // Ids of the keys in the form.

export function showUsage(view) {
  plan = view;
  refreshUsage();
}

export function hideUsage() {
  life.abort();
  clearUsage();
  offered.clear();
  $("usage-key").replaceChildren(element("option", {value: ""}, "all keys"));
  $("usage-note").replaceChildren();
  $("usage-time").replaceChildren();
  $("more-usage").hidden = true;
}

// What is shown stays until the new sum has begun.
export function refreshUsage() {
  life.abort();
  life = new AbortController();
  sum = new UsageSum();
  followToday();
  if ($("range").reportValidity()) load();
}

export function offerKey(id, name) {
  if (offered.has(id)) return;
  offered.add(id);
  $("usage-key").append(element("option", {value: id}, name ? `${name} (${id})` : id));
}

export function chooseKey(id) {
  $("usage-key").value = id;
  $("usage-key").focus();
  refreshUsage();
}

// A range that ended today still does on another day.
function followToday() {
  const now = isoDay(Date.now());
  if ($("to").value === today) {
    const later = Date.parse(now) - Date.parse(today);
    for (const end of ["from", "to"]) $(end).value = isoDay(Date.parse($(end).value) + later);
  }
  today = now;
}

function load(from) {
  const {signal} = life;
  const pressed = document.activeElement === $("more-usage");
  $("more-usage").hidden = true;
  return attempt($("usage-note"), signal, async () => {
    const page = await nextPage(from, signal);
    position = page.position;
    sum.add(page);
    $("more-usage").hidden = !position;
    if (pressed) $(position ? "more-usage" : "usage-again").focus();
    $("usage-time").textContent = `as of ${new Date().toISOString().slice(11, 19)}`;
    if (sum.days) drawUsage(sum, !position); else clearUsage();
    return sum.days ? null : "No key, so no usage.";
  });
}

async function nextPage(from, signal) {
  try {
    return await ask(target(`${plan.path}/usage`, {
      startDate: $("from").value, endDate: $("to").value, keyId: $("usage-key").value,
      limit: kKeys, position: from}), signal);
  } catch (error) {
    if (!from && !signal.aborted) clearUsage();
    throw error;
  }
}

$("more-usage").onclick = () => load(position);
$("usage-again").onclick = refreshUsage;
$("range").onchange = refreshUsage;
$("range").onsubmit = (event) => event.preventDefault();
$("from").value = isoDay(Date.now() - (kDays - 1) * kDay);
$("to").value = today;
