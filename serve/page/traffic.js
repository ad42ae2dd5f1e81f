// What is admitted and refused, second by second.

import {call} from "./api.js";
import {$} from "./dom.js";
import {showError} from "./notes.js";
import {Repeating} from "./repeating.js";
import {isLost, showLive, showLost} from "./state.js";
import {perSecond} from "./text.js";
import {drawTraffic, kWindow} from "./traffic_chart.js";

const kOutcomes = ["admitted", "throttled", "quota_exceeded", "forbidden"];
const kPause = 1000;  // Milliseconds between looks.

let recovered;
let samples = [];  // {time, admitted, refused}, per second, the latest last.
let previous;  // {time, counts} of the last look at the counters.

// The chart has a gap where there are no samples.
const repeating = new Repeating({
  look: succeeds, pause: kPause, begin: () => { previous = undefined; },
});

// `whenRecovered` is called when the server answers again.
export function prepareTraffic(whenRecovered) {
  recovered = whenRecovered;
}

export const runTraffic = (run) => repeating.run(run);

async function succeeds(signal) {
  try {
    await look(signal);
    $("traffic-note").replaceChildren();
    if (isLost()) recovered();
    showLive();
    return true;
  } catch (error) {
    if (!signal.aborted) showFailure(error);
    return false;
  }
}

function showFailure(error) {
  previous = undefined;
  for (const outcome of kOutcomes) $(`rate-${outcome}`).textContent = "–";
  if (error.status) showError($("traffic-note"), error);
  if (error.status !== 401) showLost(error);
}

async function look(signal) {
  const counts = countsIn(await call("GET", "/metrics", {signal}));
  const time = performance.now();
  if (previous) {
    const seconds = (time - previous.time) / 1000;
    addSample(time, ratesBetween(previous.counts, counts, seconds));
    drawTraffic(samples, time, seconds);
  }
  previous = {time, counts};
}

// The counters of the Prometheus text, by outcome.
function countsIn(text) {
  const counts = Object.fromEntries(kOutcomes.map((outcome) => [outcome, 0]));
  for (const [, outcome, count] of text.matchAll(
      /^weir_requests_total\{(?:.*,)?outcome="(\w+)".*\} (\S+)/gm)) {
    if (outcome in counts) counts[outcome] += Number(count);
  }
  return counts;
}

// A counter that went back began anew with its process: all of it is new.
function ratesBetween(before, after, seconds) {
  const restarted = kOutcomes.some((outcome) => after[outcome] < before[outcome]);
  return kOutcomes.map((outcome) => (after[outcome] - (restarted ? 0 : before[outcome])) / seconds);
}

function addSample(time, rates) {
  kOutcomes.forEach((outcome, i) => { $(`rate-${outcome}`).textContent = perSecond(rates[i]); });
  const [admitted, ...others] = rates;
  samples.push({time, admitted, refused: others.reduce((sum, rate) => sum + rate)});
  // A little more than is shown: the oldest leave on the left.
  samples = samples.filter((sample) => sample.time > time - kWindow - 2000);
}
