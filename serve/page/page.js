// The page of `weir serve`: what the server knows, drawn, and a form for patches.

import {current} from "./current_plan.js";
import {$} from "./elements.js";
import {showError} from "./note.js";
import {closePlan, openPlan, refreshPlan} from "./plan.js";
import {markPlan, planLinks, plans} from "./plan_list.js";
import {Refusal, call, session, target} from "./requests.js";
import {canSign, newSigner} from "./signature.js";
import * as traffic from "./traffic.js";

// ---- Signing in.

session.onUnauthorized = askToSignIn;

function askToSignIn(refusal) {
  const note = $("sign-in-note");
  note.replaceChildren();
  if (!canSign()) {
    showError(note, new Refusal("Not here", "Browsers sign only on pages from localhost or over https."));
  } else if (session.signer) {
    showError(note, refusal);
  }
  session.signer = undefined;
  showState("", "Signed out");
  show(false);
}

function show(content) {
  $("content").hidden = !content;
  $("sign-in").hidden = content;
  $("sign-out").hidden = !session.signer;
  if (!content) {
    closePlan();
    plans.stop();
    plans.list.replaceChildren();
    $("access-key").focus();
  }
}

$("credentials").onsubmit = async (event) => {
  event.preventDefault();
  if (!canSign()) return;
  const text = (id) => $(id).value.trim();
  session.signer = await newSigner({id: text("access-key"), secret: $("secret").value,
    token: text("token"), region: text("region")});
  $("secret").value = $("token").value = "";
  open().catch((error) => { if (error.status !== 401) showError($("sign-in-note"), error); });
};

$("sign-out").onclick = () => {
  session.signer = undefined;
  askToSignIn();
};

// ---- Whether the server is there.

function showState(kind, text) {
  $("state").className = `state ${kind}`;
  if ($("state").textContent !== text) $("state").textContent = text;
}

// Looks once a second, while somebody looks at the page.
async function watch() {
  const began = performance.now();
  if (document.hidden || $("content").hidden) {
    traffic.pause();
  } else {
    try {
      await traffic.look();
      $("traffic-note").replaceChildren();
      if ($("state").classList.contains("lost")) reload();
      showState("live", "Live");
    } catch (error) {
      traffic.showNoRates();
      if (error.status) showError($("traffic-note"), error);
      if (error.status !== 401) showState("lost", `${error.status ? "Error" : "Disconnected"}; trying again`);
    }
  }
  setTimeout(watch, Math.max(750, 1000 - (performance.now() - began)));
}

// ---- All together.

function wantedPlan() {
  try { return decodeURIComponent(location.hash.slice(1)) || undefined; } catch { return undefined; }
}

// The plans, and the one that the address names, or the first.
async function reload() {
  await plans.restart();
  if (current.id) {
    markPlan();
    refreshPlan();
  } else {
    openPlan(wantedPlan() ?? planLinks()[0]?.dataset.id);
  }
}

// Shows the page if the server lets us.
async function open() {
  await call("GET", target("/usageplans", {limit: 1}));
  show(true);
  await reload();
}

onhashchange = () => {
  if (wantedPlan() === current.id || $("content").hidden) return;
  openPlan(wantedPlan() ?? planLinks()[0]?.dataset.id);
  $("plan-name").focus();
};

function tick() {
  const now = new Date();
  $("clock").dateTime = now.toISOString();
  $("clock").textContent = now.toISOString().slice(0, 19).replace("T", " ");
  setTimeout(tick, 1000 - now.getMilliseconds());
}

tick();
open().catch((error) => {
  if (error.status === 401) return;
  show(true);
  showState("lost", "Disconnected; trying again");
  showError($("plans-note"), error, reload);
}).finally(watch);
