// The operations of a patch as rows of a form.

import {$, element} from "./dom.js";
import {pathsFor, valueHint} from "./patch_paths.js";

const kOperations = ["replace", "add", "remove"];

let paths = [];  // What can be patched in the plan.

export const clearRows = () => $("rows").replaceChildren();

// One list of paths for each operation: those that it can have in this plan.
export function suggestPaths(stages) {
  paths = pathsFor(stages);
  $("path-lists").replaceChildren(...kOperations.map((op) =>
    element("datalist", {id: `paths-${op}`}, ...paths
        .filter(([, ops]) => ops.includes(op)).map(([path]) => element("option", {value: path})))));
}

// Returns where its path is typed.
export function addRow({op = "replace", path = "", value = ""} = {}) {
  const what = element("select", {className: "op", ariaLabel: "Operation"},
      ...kOperations.map((name) => element("option", {}, name)));
  const where = element("input", {className: "path", placeholder: "/path", ariaLabel: "Path", required: true,
    spellcheck: false, autocomplete: "off", autocapitalize: "none", value: path});
  const text = element("input", {className: "value", ariaLabel: "Value", autocomplete: "off", value});
  const away = element("button", {type: "button", ariaLabel: "Remove this operation"}, "×");
  const row = element("div", {className: "row", role: "group", ariaLabel: "Operation of the patch"},
      what, where, text, away);
  const hint = () => {
    where.setAttribute("list", `paths-${what.value}`);
    text.placeholder = valueHint(paths, where.value, what.value);
  };
  what.value = op;
  what.onchange = where.oninput = hint;
  away.onclick = () => removeRow(row);
  hint();
  $("rows").append(row);
  return where;
}

function removeRow(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (next?.querySelector("input") ?? $("add-row")).focus();
}

// Values are always text, as AWS's clients send them.
export const operationsOfRows = () => [...$("rows").children].map((row) => {
  const [op, path, value] = ["op", "path", "value"].map((part) => row.querySelector(`.${part}`).value);
  return op === "remove" && value === "" ? {op, path} : {op, path, value};
});

// Whether rows can say all that `operations` do.
export const fitRows = (operations) => Array.isArray(operations) && operations.every((operation) => {
  const {op, path, value = "", ...rest} = operation ?? {};
  return kOperations.includes(op) && [path, value].every((text) => typeof text === "string") &&
    Object.keys(rest).length === 0;
});
