// The form that changes the plan, as rows or as JSON.

import {Refusal, ask, call} from "./api.js";
import {drawChanges} from "./changes.js";
import {$} from "./dom.js";
import {showError} from "./notes.js";
import {addRow, clearRows, fitRows, operationsOfRows} from "./patch_rows.js";

let plan;
let applied;
let busy = false;

// `whenApplied` gets the plan that a patch has made.
export function showPatch(view, whenApplied) {
  [plan, applied] = [view, whenApplied];
  $("as-rows").checked = true;
  showMode();
  addRow();
}

export function hidePatch() {
  clearRows();
  clearResult();
  $("json").value = "";
}

function clearResult() {
  $("patch-note").replaceChildren();
  $("patch-result").replaceChildren();
}

function showMode() {
  const json = $("as-json").checked;
  $("json").hidden = !json;
  // Rows that are not seen are not validated either.
  $("rows").hidden = $("rows").disabled = $("add-row").hidden = json;
}

$("as-json").onchange = () => {
  $("json").value = JSON.stringify({patchOperations: operationsOfRows()}, null, 2);
  showMode();
};

$("as-rows").onchange = () => {
  clearResult();
  const operations = operationsOfJson();
  if (operations) {
    clearRows();
    operations.forEach(addRow);
  } else {
    $("as-json").checked = true;
    showError($("patch-note"), new Refusal("JSON", "Rows cannot show this: it is not an object whose " +
        "patchOperations are add, replace or remove, with a path and a value that are text."));
  }
  showMode();
};

function operationsOfJson() {
  try {
    const {patchOperations, ...rest} = JSON.parse($("json").value);
    return fitRows(patchOperations) && !Object.keys(rest).length ? patchOperations : undefined;
  } catch {
    return undefined;
  }
}

$("add-row").onclick = () => addRow().focus();

$("patch").onsubmit = async (event) => {
  event.preventDefault();
  if (busy) return;  // A button that is disabled would lose the focus.
  busy = true;
  clearResult();
  const {path, signal} = plan;
  try {
    await apply(path, signal);
  } catch (error) {
    if (!signal.aborted) showError($("patch-note"), error);
  } finally {
    busy = false;
  }
};

async function apply(path, signal) {
  const body = $("as-json").checked
    ? $("json").value : JSON.stringify({patchOperations: operationsOfRows()});
  const before = await ask(path, signal);
  const after = JSON.parse(await call("PATCH", path, {body, signal}));
  $("patch-result").replaceChildren(...drawChanges(before, after));
  applied(after);
}
