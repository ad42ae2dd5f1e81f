// The last two minutes as two areas, the refused upon the admitted.

import {$} from "./dom.js";
import {grouped} from "./text.js";

export const kWindow = 120_000;  // Milliseconds that the chart shows.
const kGap = 3000;  // Between samples: longer means a gap.
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// Draws `samples` until `now`; the last one covers `seconds`.
export function drawTraffic(samples, now, seconds) {
  const top = roundScale(Math.max(...samples.map(({admitted, refused}) => admitted + refused)));
  $("scale-top").textContent = `${grouped(top)}/s`;
  $("scale-middle").textContent = grouped(top / 2);
  const x = ({time}) => ((kWindow - (now - time)) / 1000).toFixed(2);
  const y = (rate) => (100 - 100 * rate / top).toFixed(2);
  const runs = withoutGaps(samples);
  const area = (height) => runs.map((run) => `M${x(run[0])} 100` +
      run.map((sample) => `L${x(sample)} ${y(height(sample))}`).join("") +
      `L${x(run.at(-1))} 100Z`).join("");
  $("admitted-area").setAttribute("d", area(({admitted}) => admitted));
  $("refused-area").setAttribute("d", area(({admitted, refused}) => admitted + refused));
  if (!calm.matches && 1000 * seconds <= kGap) glide(seconds);
}

// 1, 2 or 5 times a power of ten, and at least `peak` and 1.
function roundScale(peak) {
  const least = Math.max(peak, 1);
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((step) => step * power).find((scale) => scale >= least);
}

function withoutGaps(samples) {
  const runs = [];
  samples.forEach((sample, i) => {
    if (!i || sample.time - samples[i - 1].time > kGap) runs.push([]);
    runs.at(-1).push(sample);
  });
  return runs;
}

// From where it was drawn last to where it is now.
function glide(seconds) {
  $("flow").animate([{transform: `translateX(${seconds}px)`}, {transform: "none"}], 1000 * seconds);
}
