import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/boot/policy.js';
import { Standings } from '../../src/booter/standings.js';
import { layerTypeOf } from '../../src/image/media-type.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { ReadySource } from '../fakes/blob-source.js';
import { testBooter } from '../fixtures/booter.js';
import { assignment, MAC } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';
import { MemoryStandings, neighbours } from '../fixtures/policies.js';
import { HERE, WHOSE } from '../fixtures/policy-site.js';
import { settled } from '../fixtures/waiting.js';
import { isoImage } from '../setup/iso.js';

const ISO = await isoImage({
  files: { 'efi.img': Buffer.alloc(2_048, 1) },
  options: ['-e', 'efi.img', '-no-emul-boot'],
});
const descriptor = descriptorOf(layerTypeOf('iso'), ISO);
const QUERY = { mac: MAC, buildarch: 'x86_64', platform: 'efi' };

function site(policy: Policy) {
  const standings = new Standings({ store: new MemoryStandings(), newId: () => 's1' });
  const made = testBooter({
    image: resolvedImage([], { artifacts: [{ role: 'iso', descriptor }], commandLine: '' }),
    source: new ReadySource(ISO),
    neighbours: neighbours({ [HERE]: MAC }),
    assignments: [assignment({ boot: 'iso', policy, kernelArgs: [] })],
    policies: { standings },
  });
  made.clock.milliseconds = 1_000_000;
  const found = () => made.booter.artifacts.find({ digest: descriptor.digest }, HERE);
  /** One part of it. */
  const read = async (offset: number, length = 2_048) => {
    const range = { offset, length };
    made.booter.artifacts.begun(await found(), { address: HERE, protocol: 'http', range, sent: () => length })({
      kind: 'sent',
      bytes: length,
    });
  };
  /** All of a boot by iPXE: its script, the disc, and a system that runs by it; then its reset. */
  const bootOnce = async () => {
    const script = await made.booter.script(QUERY, HERE);
    if (!script.includes('sanboot --no-describe http')) return false;
    for (let at = 0; at < 20; at += 1) await read(at * 2_048);
    await made.booter.artifacts.endReads();
    await settled();
    return true;
  };
  return { ...made, standings, read, bootOnce, found };
}

describe('a machine that reads an ISO as a disc', () => {
  it('boots what is wished for its next boot once', async () => {
    const { standings, bootOnce, clock } = site({ mode: 'hold', doneWhen: 'reported' });
    await standings.change(WHOSE, (one) => ({
      ...one,
      next: { id: 'n1', image: 'registry.lab:5000/os/installer:1', wishedAt: 1 },
    }));
    const boots: boolean[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      boots.push(await bootOnce());
      clock.milliseconds += 30 * 60_000;
    }
    expect(boots).toEqual([true, false, false, false, false]);
  });

  it('is held after as many boots as it may have, though it resets at once', async () => {
    const limit = { maxAttempts: 3, window: 3_600_000 };
    const { bootOnce, clock } = site({ mode: 'always', doneWhen: 'reported', limit });
    const boots: boolean[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      boots.push(await bootOnce());
      clock.milliseconds += 90_000;
    }
    expect(boots).toEqual([true, true, true, false, false, false]);
  });

  it('has not started when the last sector is what it reads first, or again after a while', async () => {
    const { booter, read, events, journal } = site({ mode: 'always', doneWhen: 'reported' });
    await booter.script(QUERY, HERE);
    await read(0);
    // The menu of its boot loader waits for a key.
    await booter.artifacts.endReads();
    // UEFI looks for the second header of a GPT.
    await read(ISO.length - 512, 512);
    await booter.artifacts.endReads();
    expect(events.filter(({ event }) => event === 'artifact.sent')).not.toContainEqual(
      expect.objectContaining({ isRest: true }),
    );
    expect(journal.last('node-01')?.boot).toMatchObject({ state: 'fetching' });
  });
});
