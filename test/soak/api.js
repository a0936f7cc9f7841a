import { once } from 'node:events';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A boot as the API tells it.
 * @typedef {{ at: string, event: string, role?: string, range?: string, kind?: string }} ToldStep
 * @typedef {{ id: string, machine: string, state: string, reason?: string, beganAt: string, lastAt: string, assignment?: string,
 *   image?: string, stepCount: number }} ListedBoot
 * @typedef {ListedBoot & { steps: ToldStep[] }} ToldBoot
 */

const TRIES = 5;
const PATIENCE_MILLISECONDS = 20_000;

/** The API of a server in another network, through a door. */
export class Api {
  #socketPath;

  /** @param {string} socketPath */
  constructor(socketPath) {
    this.#socketPath = socketPath;
  }

  /**
   * undefined where nobody answers, or with another status than 2xx.
   * @param {string} path @param {{ method?: string, body?: object }} [options] @returns {Promise<string | undefined>}
   */
  async ask(path, { method = 'GET', body } = {}) {
    for (let tries = 0; tries < TRIES; tries += 1) {
      try {
        const asked = request({
          socketPath: this.#socketPath,
          path,
          method,
          timeout: PATIENCE_MILLISECONDS,
          agent: false,
        });
        asked.once('timeout', () => asked.destroy(new Error('no answer')));
        if (body !== undefined) asked.setHeader('content-type', 'application/json');
        const [answer] = /** @type {[import('node:http').IncomingMessage]} */ (
          await once(asked.end(body === undefined ? undefined : JSON.stringify(body)), 'response')
        );
        const text = (await buffer(answer)).toString();
        if ((answer.statusCode ?? 500) < 300) return text;
        if (answer.statusCode !== 429) return undefined;
        await sleep(1_000);
      } catch {
        return undefined;
      }
    }
    return undefined;
  }

  /** All that began then or later, the newest first. @param {number} since milliseconds since the epoch @returns {Promise<ListedBoot[] | undefined>} */
  async boots(since) {
    /** @type {ListedBoot[]} */
    const all = [];
    for (let next = ''; ; ) {
      const text = await this.ask(`/api/v1/boots?limit=1000&since=${new Date(since).toISOString()}${next}`);
      if (text === undefined) return undefined;
      const page = /** @type {{ boots: ListedBoot[], next?: string }} */ (JSON.parse(text));
      all.push(...page.boots);
      if (page.next === undefined) return all;
      next = `&before=${page.next}`;
    }
  }

  /** @param {string} id @returns {Promise<ToldBoot | undefined>} */
  async boot(id) {
    const text = await this.ask(`/api/v1/boots/${id}`);
    return text === undefined ? undefined : /** @type {ToldBoot} */ (JSON.parse(text));
  }

  /** Server-sent events until they end: each with its name and data. @param {(event: string, data: string) => void} told @param {AbortSignal} signal */
  async follow(told, signal) {
    try {
      const asked = request({ socketPath: this.#socketPath, path: '/api/v1/events', agent: false, signal });
      const [answer] = /** @type {[import('node:http').IncomingMessage]} */ (await once(asked.end(), 'response'));
      let rest = '';
      for await (const chunk of answer.setEncoding('utf8')) {
        const parts = (rest + chunk).split('\n\n');
        rest = parts.pop() ?? '';
        for (const part of parts) {
          const [event, data] = [/^event: (.*)$/m.exec(part)?.[1], /^data: (.*)$/m.exec(part)?.[1]];
          if (event !== undefined && data !== undefined) told(event, data);
        }
      }
    } catch {
      // The server ends, or we do.
    }
  }
}
