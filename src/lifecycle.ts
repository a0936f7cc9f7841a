type Part = { readonly name: string; readonly stop: () => Promise<void> | void };

/** What runs, in the order it was started; stopping goes the other way round. */
export class Lifecycle {
  readonly #parts: Part[] = [];
  #stopping: Promise<void> | undefined;

  /** Called as soon as the part needs stopping. */
  started(name: string, stop: () => Promise<void> | void): void {
    this.#parts.push({ name, stop });
  }

  /** Stops every part, once, the last started first. Throws the first failure after all were stopped. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /**
   * Resolves after `stop`. When a part ends by itself with an error, all others are stopped and it rejects with that
   * error.
   */
  async endedWith(partEnded: Promise<Error | undefined>): Promise<void> {
    const error = await partEnded;
    const isFailure = this.#stopping === undefined && error !== undefined;
    if (!isFailure) return this.stop();
    await this.stop().catch(() => undefined);
    throw error;
  }

  async #stopAll(): Promise<void> {
    let failure: Error | undefined;
    for (const { name, stop } of this.#parts.reverse()) {
      try {
        await stop();
      } catch (cause) {
        failure ??= new Error(`stopping the ${name} failed`, { cause });
      }
    }
    if (failure !== undefined) throw failure;
  }
}
