// The plan's keys.

import {ask} from "./api.js";
import {$, element, plainName} from "./dom.js";
import {drawValue, keyPath} from "./key_value.js";
import {Pages} from "./pages.js";
import {target} from "./url.js";
import {chooseKey, offerKey} from "./usage.js";

const kTypingPause = 250;  // Milliseconds without a key until the search begins.

let plan;
let searchTimer;

// A few at first, so that the rest of the page is in sight.
const keys = new Pages("keys", {
  url: (position) => target(`${plan.path}/keys`,
      {limit: position ? 50 : 10, name: $("key-search").value, position}),
  row: drawKey,
  empty: () => $("key-search").value
    ? "No key of this plan has a name with this prefix." : "No key belongs to this plan yet.",
});

export function showKeys(view) {
  plan = view;
  keys.restart();
}

export function hideKeys() {
  clearTimeout(searchTimer);
  keys.clear();
  $("key-search").value = "";
}

$("key-search").oninput = () => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => keys.restart(), kTypingPause);
};

function drawKey({id, name}, signal) {
  offerKey(id, name);
  const label = name || id;
  const usage = element("button", {type: "button", className: "quiet", ariaLabel: `Usage of ${label}`,
    onclick: () => chooseKey(id)}, "Usage");
  return element("li", {},
      element("div", {}, plainName(name), element("code", {className: "id"}, id)),
      drawBadge(id, signal), ...drawValue(id, label, usage, signal));
}

// The list of a plan's keys does not say which are enabled.
function drawBadge(id, signal) {
  const badge = element("span");
  ask(keyPath(id), signal).then(({enabled}) => {
    badge.className = badge.textContent = enabled ? "enabled" : "disabled";
  }).catch((error) => { badge.title = error.message; });
  return badge;
}
