// What is looked at again and again, while somebody is there to see it.

const kMaxPause = 5000;  // Milliseconds between attempts.

export class Repeating {
  #life = new AbortController();
  #wanted = false;

  // `look(signal)` says whether it succeeded: then the next look begins `pause`
  // milliseconds after this one did, else later and later. `begin()` is called
  // before the first look, also after a pause while the page was hidden.
  constructor({look, pause, begin = () => {}}) {
    Object.assign(this, {look, pause, begin});
    document.addEventListener("visibilitychange", () => this.#restart());
  }

  run(wanted) {
    this.#wanted = wanted;
    this.#restart();
  }

  // Nothing is asked while the tab is hidden.
  #restart() {
    this.#life.abort();
    this.#life = new AbortController();
    this.begin();
    if (this.#wanted && !document.hidden) this.#repeat(this.#life.signal);
  }

  async #repeat(signal) {
    let failures = 0;
    while (!signal.aborted) {
      const began = performance.now();
      failures = await this.look(signal) ? 0 : failures + 1;
      const pause = failures
        ? Math.min(kMaxPause, 500 * 2 ** failures)
        : Math.max(0.75 * this.pause, this.pause - (performance.now() - began));
      await new Promise((resolve) => { setTimeout(resolve, pause); });
    }
  }
}
