// The value of a key, a secret: asked for when somebody wants to see it.

import {ask} from "./api.js";
import {element, say} from "./dom.js";
import {showError} from "./notes.js";
import {encoded, target} from "./url.js";

const kMask = "••••••••";

export const keyPath = (id) => `/apikeys/${encoded(id)}`;

// The masked value and what can be done with it, the last of it `more`; below,
// what went wrong then.
export function drawValue(id, label, more, signal) {
  const note = element("div", {role: "status"});
  const value = element("code", {className: "value"});
  const button = (text, about, work) => element("button", {
    type: "button", className: "quiet", ariaLabel: `${text} ${about} ${label}`, onclick: work}, text);
  const withValue = (work) => async () => {
    note.replaceChildren();
    try {
      await work((await ask(target(keyPath(id), {includeValue: "true"}), signal)).value);
    } catch (error) {
      if (!signal.aborted) showError(note, error);
    }
  };

  const show = button("Show", "the value of", withValue((text) => reveal(text)));
  const hide = button("Hide", "the value of", () => reveal());
  const copy = button("Copy", "the value of", withValue(async (text) => {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      confirmCopy(copy, label);
    } else {  // Neither localhost nor HTTPS: marked, for the user to copy.
      reveal(text);
      getSelection().selectAllChildren(value);
    }
  }));
  const reveal = (text) => {
    value.textContent = text ?? kMask;
    value.classList.toggle("masked", text === undefined);
    const [gone, there] = text === undefined ? [hide, show] : [show, hide];
    const focused = document.activeElement === gone;
    gone.hidden = true;
    there.hidden = false;
    if (focused) there.focus();
  };

  reveal();
  return [element("div", {className: "secret"}, value, show, hide, copy, more), note];
}

function confirmCopy(button, label) {
  button.textContent = "Copied";
  say(`Copied the value of ${label}.`);
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}
