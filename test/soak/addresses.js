/** Who has which address, by what machines were acknowledged. `until`: milliseconds since the epoch. */
export class Addresses {
  /** @type {Map<string, { mac: string, until: number }>} */
  #holds = new Map();

  /** Why it cannot be, where it cannot. @param {string} address @param {{ mac: string, until: number }} hold */
  given(address, hold) {
    const other = this.#holds.get(address);
    this.#holds.set(address, hold);
    if (other === undefined || other.mac === hold.mac || other.until <= Date.now()) return undefined;
    return `${hold.mac} is given ${address}, which ${other.mac} has for another ${other.until - Date.now()} ms`;
  }
}
