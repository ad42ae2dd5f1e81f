// Which plan the page shows.

import {encoded} from "./signature.js";

export const current = {
  id: undefined,
  life: new AbortController(),  // Ends when another plan is shown.

  path() {
    return `/usageplans/${encoded(this.id)}`;
  },

  set(id) {
    this.life.abort();
    this.life = new AbortController();
    this.id = id;
  },
};
