// What a part of the page says of itself: that it loads, or what went wrong.

import {element} from "./dom.js";

export function showError(note, error, again) {
  const box = element("div", {className: "alarm"},
      element("strong", {}, error.type ?? error.name), element("p", {}, error.message));
  if (again) box.append(element("button", {type: "button", onclick: again}, "Try again"));
  note.replaceChildren(box);
}

// Runs `work`. `note` says that it is loading, and then shows what `work` returns
// or its error. An aborted call shows nothing: another one now owns the note.
export async function attempt(note, signal, work) {
  keepFocus(note);
  note.replaceChildren(element("p", {className: "wait"}, "Loading…"));
  try {
    const remark = await work();
    note.replaceChildren(...(remark ? [remark].flat() : []));
  } catch (error) {
    if (!signal.aborted) showError(note, error, () => attempt(note, signal, work));
  }
}

// Whoever pressed "Try again" stays where it was.
function keepFocus(note) {
  if (!note.contains(document.activeElement)) return;
  note.tabIndex = -1;
  note.focus();
}
