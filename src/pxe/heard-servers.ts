/** Told of one again, in milliseconds. */
const AGAIN = 3_600_000;
/** Anybody can make some up. */
const MOST = 16;

/** Other servers that have shown: each is told of once in a while, and no more than a few. */
export class HeardServers {
  readonly #heard = new Map<string, number>();

  /** It has shown; answers whether that is to be told. `now`: milliseconds that only go forward. */
  note(server: string, now: number): boolean {
    const last = this.#heard.get(server);
    if (last !== undefined && now - last < AGAIN) return false;
    for (const [one, at] of this.#heard) if (now - at >= AGAIN) this.#heard.delete(one);
    if (this.#heard.size >= MOST) return false;
    this.#heard.set(server, now);
    return true;
  }
}
