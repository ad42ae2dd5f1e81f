// A list that grows by pages.

import {ask} from "./api.js";
import {$} from "./dom.js";
import {attempt} from "./notes.js";

// `url(position)` is where a page comes from, `row(item, signal)` an item's
// element, `empty()` what to say when there is none. The elements are `name`,
// `name`-note and more-`name`.
export class Pages {
  constructor(name, {url, row, empty}) {
    Object.assign(this, {url, row, empty});
    [this.list, this.note, this.more] = [$(name), $(`${name}-note`), $(`more-${name}`)];
    this.more.onclick = () => this.#load(this.position);
    this.life = new AbortController();
  }

  // Loads the first page; what was there stays until that has come.
  restart() {
    this.#stop();
    return this.#load();
  }

  clear() {
    this.#stop();
    this.list.replaceChildren();
    this.note.replaceChildren();
    this.more.hidden = true;
  }

  #stop() {
    this.life.abort();
    this.life = new AbortController();
  }

  #load(position) {
    const {signal} = this.life;
    const pressed = document.activeElement === this.more;
    this.more.hidden = true;
    return attempt(this.note, signal, async () => {
      const page = await this.#page(position, signal);
      const rows = page.item.map((item) => this.row(item, signal));
      if (position) this.list.append(...rows); else this.list.replaceChildren(...rows);
      this.position = page.position;
      this.more.hidden = !page.position;
      // The button may be gone: on to what it brought.
      if (pressed) rows[0]?.querySelector("a, button").focus();
      return this.list.childElementCount ? null : this.empty();
    });
  }

  async #page(position, signal) {
    try {
      return await ask(this.url(position), signal);
    } catch (error) {
      if (!position && !signal.aborted) this.list.replaceChildren();
      throw error;
    }
  }
}
