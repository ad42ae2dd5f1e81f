// The page of `weir serve`: what the server knows, drawn, and a form for
// patches. It begins here.

import {call, onUnauthorized, signedIn} from "./api.js";
import {runClock} from "./clock.js";
import {$} from "./dom.js";
import {showError} from "./notes.js";
import {closePlan, openPlan, refreshPlan, shownPlan} from "./plan.js";
import {firstPlan, markPlan, plans} from "./plans.js";
import {runRefused} from "./refused.js";
import {askToSignIn, focusSignIn, prepareSignIn} from "./sign_in.js";
import {showLost, showSignedOut} from "./state.js";
import {prepareTraffic, runTraffic} from "./traffic.js";
import {target} from "./url.js";

// The plan that the address names, or the first.
function wantedPlan() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || firstPlan();
  } catch {
    return firstPlan();
  }
}

async function reload() {
  await plans.restart();
  if ($("content").hidden) return;  // Signed out in the meantime.
  if (shownPlan() === undefined) {
    openPlan(wantedPlan());
  } else {
    markPlan(shownPlan());
    refreshPlan();
  }
}

// Shows the page if the server lets us.
async function open() {
  await call("GET", target("/usageplans", {limit: 1}));
  show(true);
  await reload();
}

function show(content) {
  $("content").hidden = !content;
  $("sign-in").hidden = content;
  $("sign-out").hidden = !signedIn();
  runTraffic(content);
  runRefused(content);
}

function signOut(refusal) {
  askToSignIn(refusal);
  closePlan();
  plans.clear();
  showSignedOut();
  show(false);
  focusSignIn();
}

// All of the script is there.
$("loading").remove();

onhashchange = () => {
  if ($("content").hidden) return;
  if (wantedPlan() !== shownPlan()) openPlan(wantedPlan());
  $("plan-name").focus();
};

$("sign-out").onclick = () => signOut();
onUnauthorized(signOut);
prepareSignIn(open);
prepareTraffic(reload);
runClock();
open().catch((error) => {
  if (error.status === 401) return;
  showLost(error);
  show(true);
  showError($("plans-note"), error, reload);
});
