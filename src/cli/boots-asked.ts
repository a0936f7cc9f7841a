import { BootlayerError } from '../errors.js';
import type { Ask } from './follow.js';
import type { ToldBoot, ToldSteps } from './told.js';

/** What is told by the server is read tolerantly: it may be another version. */

const HOUR = 60 * 60_000;
/** A thousand machines each. */
const MOST_PAGES = 10;

/** Boots that began within the last hour by the server's clock, the newest first. */
export async function bootsLately(ask: Ask, now: number): Promise<readonly ToldBoot[]> {
  const boots: ToldBoot[] = [];
  const query = { since: new Date(now - HOUR).toISOString(), limit: '1000' };
  let before: Readonly<Record<string, string>> = {};
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await ask(`/api/v1/boots?${new URLSearchParams({ ...query, ...before })}`);
    const told = (answer ?? {}) as { readonly boots?: unknown; readonly next?: unknown };
    if (Array.isArray(told.boots)) boots.push(...(told.boots as unknown[]).filter(isBoot));
    if (typeof told.next !== 'string') break;
    before = { before: told.next };
  }
  return boots;
}

/** The last boot of a machine, with its steps; undefined where none is known. */
export async function lastBootOf(ask: Ask, machine: string): Promise<ToldSteps | undefined> {
  const answer = await ask(`/api/v1/boots?${new URLSearchParams({ machine, limit: '1' })}`);
  const [boot] = ((answer ?? {}) as { readonly boots?: readonly unknown[] }).boots ?? [];
  if (!isBoot(boot)) return undefined;
  const told = await ask(`/api/v1/boots/${encodeURIComponent(boot.id)}`);
  return isBoot(told) && 'steps' in told && Array.isArray(told.steps) ? (told as ToldSteps) : undefined;
}

/** Of a machine without a boot that is known, which may come yet. Throws what the server tells, but that there is none. */
export async function unseenText(ask: Ask, machine: string): Promise<string> {
  try {
    await ask(`/api/v1/machines/${encodeURIComponent(machine)}/standing`);
    return `no boot of ${machine} is known yet: it is waited for`;
  } catch (thrown) {
    if (BootlayerError.from(thrown).code !== 'NOT_FOUND') throw thrown;
    return `there is no machine "${machine}", and no boot of one: it is waited for; "bootlayer machine ls" lists those there are`;
  }
}

function isBoot(value: unknown): value is ToldBoot {
  const { id, machine, state, beganAt, lastAt } = (value ?? {}) as Partial<ToldBoot>;
  return [id, machine, state, beganAt, lastAt].every((text) => typeof text === 'string');
}
