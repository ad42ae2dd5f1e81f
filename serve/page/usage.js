// What the plan's keys have used, by day.

import {bars} from "./bars.js";
import {current} from "./current_plan.js";
import {$, element, fact} from "./elements.js";
import {attempt} from "./note.js";
import {ask, target} from "./requests.js";
import {grouped, isoDay, kDay} from "./text.js";

// The sum over keys, of which a page of answers brings some.
export const usage = {
  restart() {
    this.life?.abort();
    this.life = new AbortController();
    this.keyCount = 0;
    this.days = undefined;
    for (const part of ["totals", "bars", "day-rows"]) $(part).replaceChildren();
    $("days").hidden = true;
    if ($("range").reportValidity()) this.load();
  },

  load(position) {
    const signal = AbortSignal.any([this.life.signal, current.life.signal]);
    $("more-usage").hidden = true;
    return attempt($("usage-note"), signal, async () => {
      const page = await ask(target(`${current.path()}/usage`, {
        startDate: $("from").value, endDate: $("to").value, keyId: $("usage-key").value,
        limit: 500, position}), signal);
      this.position = page.position;
      this.add(page);
      $("more-usage").hidden = !page.position;
      return this.keyCount ? null : "No key, so no usage.";
    });
  },

  add({startDate, values}) {
    for (const days of Object.values(values ?? {})) {
      this.keyCount++;
      this.days ??= days.map((_, i) => ({
        date: isoDay(Date.parse(startDate) + i * kDay), used: 0, remaining: 0, limited: true}));
      days.forEach(([used, remaining], i) => {
        this.days[i].used += used;
        this.days[i].limited &&= remaining >= 0;  // -1: there was no quota.
        this.days[i].remaining += remaining;
      });
    }
    if (this.days) this.draw(this.days);
  },

  draw(days) {
    const last = days.at(-1);
    const left = ({limited, remaining}) => limited ? grouped(remaining) : "no quota";
    const when = last.date >= isoDay(Date.now()) ? "now" : `at the end of ${last.date}`;
    $("totals").replaceChildren(...[
      ["Used in these days", grouped(days.reduce((sum, {used}) => sum + used, 0))],
      [`Remaining ${when}`, left(last)],
      ["Keys", grouped(this.keyCount) + (this.position ? " so far" : "")],
    ].map(fact));

    const titles = days.map((day) => `${day.date} (UTC): ${grouped(day.used)} used, ` +
        `${day.limited ? `${grouped(day.remaining)} remaining` : "no quota"}`);
    $("bars").replaceChildren(
        ...bars("Used", "used", days.map(({used}) => used), titles),
        ...days.some(({limited}) => limited) ? bars("Remaining when the day ends", "left low",
            days.map(({limited, remaining}) => limited ? remaining : 0), titles) : [],
        element("figcaption", {}, element("span", {}, days[0].date), element("span", {}, last.date)));
    $("day-rows").replaceChildren(...days.toReversed().map((day) => element("tr", {},
        ...[day.date, grouped(day.used), left(day)].map((text) => element("td", {}, text)))));
    $("days").hidden = false;
  },
};

$("more-usage").onclick = () => usage.load(usage.position);
$("usage-again").onclick = () => usage.restart();
$("range").onchange = () => usage.restart();
$("range").onsubmit = (event) => event.preventDefault();
$("from").value = isoDay(Date.now() - 29 * kDay);
$("to").value = isoDay(Date.now());
