import { BootlayerError } from '../errors.js';
import type { Ask } from './follow.js';

/**
 * The name under which the server knows a machine that somebody names, also by a MAC in any spelling or in other letters; undefined
 * where it knows none. Throws what the server tells, but that there is none.
 */
export async function knownName(ask: Ask, wanted: string): Promise<string | undefined> {
  try {
    const standing = await ask(`/api/v1/machines/${encodeURIComponent(wanted)}/standing`);
    return textIn(standing, 'machine');
  } catch (thrown) {
    if (BootlayerError.from(thrown).code !== 'NOT_FOUND') throw thrown;
  }
  const found = await ask(`/api/v1/machines?${new URLSearchParams({ search: wanted, limit: '1000' })}`);
  const { machines } = (found ?? {}) as { readonly machines?: unknown };
  const names = Array.isArray(machines) ? machines.flatMap((one: unknown) => textIn(one, 'name') ?? []) : [];
  const alike = names.filter((name) => name.toLowerCase() === wanted.toLowerCase());
  return alike.length === 1 ? alike[0] : undefined;
}

function textIn(answer: unknown, key: string): string | undefined {
  const value = ((answer ?? {}) as Readonly<Record<string, unknown>>)[key];
  return typeof value === 'string' ? value : undefined;
}
