// Usage by day, summed over keys. Its arithmetic; nothing of it is on the page.

import {isoDay, kDay} from "./text.js";

export class UsageSum {
  days;  // {date, used, remaining, limited}, once there is a key.
  keys = 0;
  usedUp = [];  // Ids of keys that have nothing left on the last day.

  // Adds a page of answers: its `values` are [used, remaining] by day and key.
  add({startDate, values}) {
    for (const [id, days] of Object.entries(values ?? {})) {
      this.keys++;
      this.days ??= days.map((_, i) => ({
        date: isoDay(Date.parse(startDate) + i * kDay), used: 0, remaining: 0, limited: true}));
      days.forEach(([used, remaining], i) => addDay(this.days[i], used, remaining));
      if (days.at(-1)[1] === 0) this.usedUp.push(id);
    }
  }

  get used() {
    return this.days.reduce((sum, {used}) => sum + used, 0);
  }
}

// A remaining of -1: there was no quota.
function addDay(day, used, remaining) {
  day.used += used;
  day.limited &&= remaining >= 0;
  day.remaining += remaining;
}
