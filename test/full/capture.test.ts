import { join } from 'node:path';
import { describe, it } from 'vitest';
import { useBootFolder } from '../fixtures/boot-folder.js';
import { bootlayer } from '../fixtures/program.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { bootMachine, MAC, type Machine } from '../setup/qemu.js';

type Told = {
  readonly machines: readonly { readonly who: string; readonly state: string; readonly step: string }[];
  readonly steps: readonly { readonly what: string; readonly own?: string; readonly notes: readonly string[] }[];
};

/** What `doctor --pcap` says of a boot of real firmware, captured at its card. */
describe('a capture of a boot by proxyDHCP', () => {
  const folder = useBootFolder();

  it.for<[Machine['firmware'], string, RegExp]>([
    [
      'uefi',
      'by what it is offered it asks port 4011 of 192.168.77.1 what to load',
      /^says: load snponly\.efi from 192\.168\.77\.1/,
    ],
    [
      'uefi-http',
      'by what it is offered it fetches http://192.168.77.1:8080/uefi/amd64/',
      /^says: load http:.*\/uefi\/amd64\//,
    ],
  ])('of %s', async ([firmware, follows, says], context) => {
    const { expect } = context;
    const { segment, config } = await startProxiedSite(context, { folder: folder() });
    const capture = join(folder(), `${firmware}.pcap`);
    await bootMachine({ firmware, architecture: 'amd64', tap: await segment.addTap(), capture, seconds: 300 });
    const { status, out, err } = await bootlayer(['doctor', '--pcap', capture, '--json', '-c', config]);
    expect([status, err]).toEqual([0, '']);
    const { machines, steps } = JSON.parse(out) as Told;
    expect(machines).toMatchObject([{ who: MAC, state: 'ok', step: 'HTTP' }]);
    expect(steps.flatMap(({ notes }) => notes).join('\n')).toContain(follows);
    expect(steps[0]?.own).toMatch(says);
  });
});
