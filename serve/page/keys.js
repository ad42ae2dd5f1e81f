// The keys of the plan.

import {current} from "./current_plan.js";
import {$, element, plainName} from "./elements.js";
import {showError} from "./note.js";
import {Pages} from "./pages.js";
import {ask, target} from "./requests.js";
import {encoded} from "./signature.js";

export const keys = new Pages("keys", {
  url: (position) => target(`${current.path()}/keys`, {limit: 10, name: $("key-search").value, position}),
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
