// A sum of usage as figures, as bars and as a table.

import {$, element, fact, shape, tableRow} from "./dom.js";
import {grouped, isoDay, plural} from "./text.js";

const kNamed = 3;  // Of keys that have used up their quota.

const left = ({limited, remaining}) => limited ? grouped(remaining) : "no quota";

export function clearUsage() {
  for (const part of ["totals", "bars", "day-rows"]) $(part).replaceChildren();
  $("days").hidden = true;
}

// `whole`: whether all keys are in `sum`.
export function drawUsage(sum, whole) {
  const {days} = sum;
  drawTotals(sum, whole);
  drawBars(days);
  $("day-rows").replaceChildren(...days.toReversed().map(
      (day) => tableRow([day.date, grouped(day.used), left(day)])));
  $("days").hidden = false;
}

function drawTotals(sum, whole) {
  const last = sum.days.at(-1);
  const when = last.date >= isoDay(Date.now()) ? "now" : `at the end of ${last.date}`;
  const facts = [
    ["Used in these days", grouped(sum.used)],
    [`Remaining ${when}`, left(last)],
    ["Keys", grouped(sum.keys) + (whole ? "" : " so far")],
  ];
  if (sum.usedUp.length) facts.push(["Quota used up", drawUsedUp(sum.usedUp)]);
  $("totals").replaceChildren(...facts.map(fact));
}

const drawUsedUp = (ids) => element("span", {className: "used-up"}, plural(ids.length, "key"),
    ...ids.slice(0, kNamed).map((id) => element("code", {}, id)), ids.length > kNamed ? "…" : "");

function drawBars(days) {
  const titles = days.map((day) => `${day.date} (UTC): ${grouped(day.used)} used, ` +
      `${day.limited ? `${grouped(day.remaining)} remaining` : "no quota"}`);
  const limited = days.some((day) => day.limited);
  $("bars").replaceChildren(
      ...bars("Used", "used", days.map(({used}) => used), titles),
      ...limited ? bars("Remaining when the day ends", "left low",
          days.map((day) => day.limited ? day.remaining : 0), titles) : [],
      element("p", {className: "ends"}, element("span", {}, days[0].date), element("span", {}, days.at(-1).date)));
}

// A bar for each number, under a line that says what they are and how high.
function bars(title, kind, numbers, titles) {
  const peak = Math.max(...numbers);
  const chart = shape("svg", {viewBox: `0 0 ${numbers.length} 100`, preserveAspectRatio: "none",
    class: kind, role: "img", "aria-label": `${title}, by day; the numbers are in the table below`});
  numbers.forEach((number, i) => {
    const height = number && Math.max(1.5, 100 * number / peak);
    chart.append(shape("rect", {class: kind, x: i + 0.1, width: 0.8, y: 100 - height, height}),
        shape("rect", {class: "day", x: i, width: 1, y: 0, height: 100}, shape("title", {}, titles[i])));
  });
  return [element("h4", {}, element("span", {}, title), element("span", {}, `highest ${grouped(peak)}`)), chart];
}
