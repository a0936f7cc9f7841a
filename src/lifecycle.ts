/** What runs, in the order it was started; stopping goes the other way round. */
export class Lifecycle {
  readonly #stops: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  #stopping: Promise<void> | undefined;
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  /** Called as soon as the part needs stopping. */
  started(name: string, stop: () => Promise<void> | void): void {
    this.#stops.push({ name, stop });
  }

  /** Stops every part, once, the last started first. Throws the first failure after all were stopped. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** Resolves after `stop`; when a part ends by itself, all others are stopped and it rejects with the reason. */
  endedWith(partEnded: Promise<Error | undefined>): Promise<void> {
    const ended = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    ended.catch(() => undefined);
    void partEnded.then(async (error) => {
      if (error === undefined || this.#stopping !== undefined) return;
      await this.stop().catch(() => undefined);
      this.#settle?.reject(error);
    });
    return ended;
  }

  async #stopAll(): Promise<void> {
    let failure: unknown;
    for (const { name, stop } of this.#stops.reverse()) {
      try {
        await stop();
      } catch (thrown) {
        failure ??= new Error(`stopping the ${name} failed`, { cause: thrown });
      }
    }
    if (failure !== undefined) throw failure;
    this.#settle?.resolve();
  }
}
