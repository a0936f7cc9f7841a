import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../src/boot/event.js';
import { readConfigText } from '../src/config/read.js';
import type { Config } from '../src/config/schema.js';
import { BootlayerError } from '../src/errors.js';
import { Reloader } from '../src/reload.js';

const config = (text: string): Config => readConfigText(text, '/etc/bootlayer/bootlayer.yaml', {}).config;
const FIRST = config(
  'machines: [{ name: a }, { name: b }]\nassignments: [{ name: x, match: {}, image: lab:5000/os:1 }]',
);

/** A reloader whose next configurations, or failures, are given one by one. */
function reloader(...next: (Config | BootlayerError)[]) {
  const events: BootEvent[] = [];
  const applied: Config[] = [];
  const warnings: string[] = [];
  const load = async () => {
    const one = next.shift();
    if (one === undefined || one instanceof BootlayerError) throw one ?? new Error('nothing to load');
    return { config: one, warnings: [] };
  };
  let ticks = 0;
  const made = new Reloader({
    initial: FIRST,
    load,
    apply: (one) => void applied.push(one),
    warn: (text) => void warnings.push(text),
    events: (event) => void events.push(event),
    clock: { ticks: () => (ticks += 500) },
  });
  return { reloader: made, events, applied, warnings };
}

describe('Reloader', () => {
  it('applies what was read and tells what changed', async () => {
    const second = config(
      'machines: [{ name: b, serial: "1" }, { name: c }]\ndefaults: { kernelArgs: { append: [x] } }',
    );
    const { reloader: one, events, applied } = reloader(second);
    await one.reload();
    expect(applied).toEqual([second]);
    expect(one.config).toBe(second);
    expect(events).toEqual([
      {
        event: 'mapping.reloaded',
        machines: { added: 1, removed: 1, changed: 1 },
        assignments: { added: 0, removed: 1, changed: 0 },
        names: '+c -a ~b -x ~defaults',
        seconds: 0.5,
      },
    ]);
  });

  it('refuses what is wrong and keeps what was', async () => {
    const { reloader: one, events, applied } = reloader(new BootlayerError('CONFIG_INVALID', 'x.yaml:3:1: no'));
    await one.reload();
    expect([applied, one.config]).toEqual([[], FIRST]);
    expect(events).toEqual([{ event: 'mapping.refused', reason: 'x.yaml:3:1: no' }]);
  });

  it('says what counts from the next start on only', async () => {
    const { reloader: one, warnings } = reloader(config('data: /elsewhere\nhttp: { listen: ":1" }'));
    await one.reload();
    expect(warnings).toEqual(['data, http changed, which counts from the next start on']);
  });

  it('reads once more for all who asked while it read', async () => {
    const { reloader: one, applied } = reloader(FIRST, FIRST, FIRST);
    await Promise.all([one.reload(), one.reload(), one.reload()]);
    expect(applied).toHaveLength(2);
  });
});
