// The time by which the server counts days, while somebody looks.

import {$} from "./dom.js";

let timer;

function tick() {
  clearTimeout(timer);
  if (document.hidden) return;
  const now = new Date();
  $("clock").dateTime = now.toISOString();
  $("clock").textContent = now.toISOString().slice(0, 19).replace("T", " ");
  timer = setTimeout(tick, 1000 - now.getMilliseconds());
}

export function runClock() {
  document.addEventListener("visibilitychange", tick);
  tick();
}
