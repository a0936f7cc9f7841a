import type { PlainKey, Selector } from '../machine/selector.js';
import { type IpAddress, type Subnet, subnetOf } from '../net/ip.js';

/** Under which of its keys an assignment is found, and by which values. */
export type Entry = { readonly key: IndexedKey; readonly values: readonly string[] };

/** `firmware` has so few values that it would find nothing faster. */
export type IndexedKey = PlainKey | 'ip' | 'labels';

/** Every key an assignment could be found under. */
export function entriesOf({ ip, labels, firmware: _few, ...plain }: Selector): readonly Entry[] {
  return [
    ...Object.entries(plain).map(([key, values]) => ({ key: key as PlainKey, values })),
    ...(ip === undefined ? [] : [{ key: 'ip', values: ip.map(formatSubnet) } as const]),
    ...Object.entries(labels ?? {}).map(
      ([label, values]) => ({ key: 'labels', values: values.map((value) => labelText(label, value)) }) as const,
    ),
  ];
}

/** How many assignments have a value. */
export function countValues(entries: readonly Entry[]): ReadonlyMap<string, number> {
  const crowds = new Map<string, number>();
  for (const { key, values } of entries) {
    for (const value of values) crowds.set(crowdOf(key, value), (crowds.get(crowdOf(key, value)) ?? 0) + 1);
  }
  return crowds;
}

/** The entry whose values the fewest others share. */
export function leastCrowded(choices: readonly Entry[], crowds: ReadonlyMap<string, number>): Entry | undefined {
  const crowd = ({ key, values }: Entry) =>
    values.reduce((most, value) => Math.max(most, crowds.get(crowdOf(key, value)) ?? 0), 0);
  let best: { readonly entry: Entry; readonly size: number } | undefined;
  for (const entry of choices) {
    const size = crowd(entry);
    if (best === undefined || size < best.size) best = { entry, size };
  }
  return best?.entry;
}

function crowdOf(key: IndexedKey, value: string): string {
  return `${key} ${value}`;
}

export function labelText(label: string, value: string): string {
  return `${label}\0${value}`;
}

function formatSubnet({ address, prefixLength }: Subnet): string {
  return `${address}/${prefixLength}`;
}

/** The subnet of that size around an address; none when its family has no such size. */
export function subnetText(ip: IpAddress, prefixLength: number): readonly string[] {
  const subnet = subnetOf(ip, prefixLength);
  return subnet === undefined ? [] : [formatSubnet(subnet)];
}
