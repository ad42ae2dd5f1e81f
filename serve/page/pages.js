// A list that grows by pages.

import {$} from "./elements.js";
import {attempt} from "./note.js";
import {ask} from "./requests.js";

// `url(position)` is where a page comes from, `row(item)` an item's element,
// `empty()` what to say when there is none.
export class Pages {
  constructor(name, {url, row, empty}) {
    Object.assign(this, {url, row, empty});
    [this.list, this.note, this.more] = [$(name), $(`${name}-note`), $(`more-${name}`)];
    this.more.onclick = () => this.#load(this.position);
  }

  restart() {
    this.stop();
    this.list.replaceChildren();
    return this.#load();
  }

  stop() {
    this.life?.abort();
    this.life = new AbortController();
  }

  #load(position) {
    const {signal} = this.life;
    this.more.hidden = true;
    return attempt(this.note, signal, async () => {
      const page = await ask(this.url(position), signal);
      this.list.append(...page.item.map((item) => this.row(item, signal)));
      this.position = page.position;
      this.more.hidden = !page.position;
      return this.list.childElementCount ? null : this.empty();
    });
  }
}
