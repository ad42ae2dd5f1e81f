// What is admitted and refused each second.

import {$} from "./elements.js";
import {call} from "./requests.js";
import {grouped, perSecond} from "./text.js";

const kWindow = 120_000;  // Milliseconds that the chart shows.
const kOutcomes = ["admitted", "throttled", "quota_exceeded", "forbidden"];
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let samples = [];  // {time, admitted, refused}, per second, the latest last.
let previous;  // {time, counts} of the last look at the counters.

// The counters of the Prometheus text, by outcome.
function countsIn(text) {
  const counts = Object.fromEntries(kOutcomes.map((outcome) => [outcome, 0]));
  for (const [, outcome, count] of text.matchAll(
      /^weir_requests_total\{(?:.*,)?outcome="(\w+)".*\} (\S+)/gm)) {
    if (outcome in counts) counts[outcome] += Number(count);
  }
  return counts;
}

// To be called about once a second. Throws what call() throws.
export async function look() {
  const counts = countsIn(await call("GET", "/metrics"));
  const time = performance.now();
  if (previous) {
    const seconds = (time - previous.time) / 1000;
    // A counter that went back began anew with its process: all of it is new.
    const restarted = kOutcomes.some((outcome) => counts[outcome] < previous.counts[outcome]);
    const rates = kOutcomes.map(
        (outcome) => (counts[outcome] - (restarted ? 0 : previous.counts[outcome])) / seconds);
    kOutcomes.forEach((outcome, i) => { $(`rate-${outcome}`).textContent = perSecond(rates[i]); });
    const [admitted, ...others] = rates;
    samples.push({time, admitted, refused: others.reduce((sum, rate) => sum + rate)});
    samples = samples.filter((sample) => sample.time > time - kWindow - 2000);
    drawTraffic(time, seconds);
  }
  previous = {time, counts};
}

// 1, 2 or 5 times a power of ten, and at least `peak`.
function roundScale(peak) {
  const power = 10 ** Math.floor(Math.log10(Math.max(peak, 1)));
  return [1, 2, 5, 10].map((step) => step * power).find((scale) => scale >= peak);
}

function drawTraffic(now, seconds) {
  const top = roundScale(Math.max(1, ...samples.map(({admitted, refused}) => admitted + refused)));
  $("scale-top").textContent = `${grouped(top)}/s`;
  $("scale-middle").textContent = grouped(top / 2);
  // Where nobody looked for a while, the area has a gap.
  const runs = [];
  samples.forEach((sample, i) => {
    if (!i || sample.time - samples[i - 1].time > 3000) runs.push([]);
    runs.at(-1).push(sample);
  });
  const x = ({time}) => (120 - (now - time) / 1000).toFixed(2);
  const area = (height) => runs.map((run) => `M${x(run[0])} 100` +
      run.map((sample) => `L${x(sample)} ${(100 - 100 * height(sample) / top).toFixed(2)}`).join("") +
      `L${x(run.at(-1))} 100Z`).join("");
  $("admitted-area").setAttribute("d", area(({admitted}) => admitted));
  $("refused-area").setAttribute("d", area(({admitted, refused}) => admitted + refused));
  if (calm.matches || seconds > 3) return;
  $("flow").animate([{transform: `translateX(${seconds}px)`}, {transform: "none"}], 1000 * seconds);
}

// Nobody looks for a while: what happens meanwhile is no rate of a second.
export function pause() {
  previous = undefined;
}

export function showNoRates() {
  pause();
  kOutcomes.forEach((outcome) => { $(`rate-${outcome}`).textContent = "–"; });
}
