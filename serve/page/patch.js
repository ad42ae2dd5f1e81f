// The form that applies a patch.

import {current} from "./current_plan.js";
import {$, element} from "./elements.js";
import {showError} from "./note.js";
import {valueHint} from "./patch_paths.js";
import {drawChanges} from "./patch_result.js";
import {ask, call} from "./requests.js";

// Called with the plan as it is after a patch.
export const patch = {onApplied: () => {}};

// One empty row.
export function clearPatch() {
  for (const part of ["rows", "patch-note", "patch-result"]) $(part).replaceChildren();
  $("json").value = "";
  $("as-rows").checked = true;
  showMode();
  addRow();
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

$("patch").onsubmit = async (event) => {
  event.preventDefault();
  const {signal} = current.life;
  const body = $("as-json").checked
    ? $("json").value : JSON.stringify({patchOperations: operationsOfRows()});
  $("patch-note").replaceChildren();
  $("patch-result").replaceChildren();
  $("apply").disabled = true;
  try {
    const before = await ask(current.path(), signal);
    const after = JSON.parse(await call("PATCH", current.path(), {body, signal}));
    drawChanges(before, after);
    patch.onApplied(after);
  } catch (error) {
    if (!signal.aborted) showError($("patch-note"), error);
  } finally {
    $("apply").disabled = false;
  }
};
