// Whether the server answers, in the bar at the top.

import {$} from "./dom.js";

let lost = false;

export const isLost = () => lost;

function show(kind, text) {
  lost = kind === "lost";
  $("state").className = `state ${kind}`;
  // It is read out when it changes, and then alone.
  if ($("state").textContent !== text) $("state").textContent = text;
}

export const showLive = () => show("live", "Live");
export const showSignedOut = () => show("", "Signed out");
export const showLost = (error) =>
  show("lost", `${error.status ? "Error" : "Disconnected"}; trying again`);
