import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LayerReadings } from '../../src/catalog/layer-readings.js';
import { SlowPlaces } from '../../src/catalog/slow-places.js';
import { systemClock } from '../../src/clock.js';
import { type ReadUki, readUki } from '../../src/image/uki.js';
import { HUGE_KERNEL, hugeUki } from '../fixtures/huge-uki.js';
import { type RangedSource, rangedSource, sparseBlob } from '../fixtures/ranged-source.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function readings(): LayerReadings<ReadUki> {
  const reader = { read: readUki, isDoubtful: ({ kind }: ReadUki) => kind === 'refused' };
  return new LayerReadings(reader, { clock: systemClock, places: new SlowPlaces(systemClock) });
}

/** Asked with a signal that says when to end; it gives nothing before. */
function hanging(): RangedSource & { signals: AbortSignal[] } {
  const signals: AbortSignal[] = [];
  const fetchBlob: RangedSource['fetchBlob'] = (_descriptor, signal) =>
    new Promise((_resolve, reject) => {
      if (signal === undefined) throw new Error('it could never be ended');
      signals.push(signal);
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  return { ...rangedSource(), fetchBlob, signals };
}

describe('a UKI of 1 GiB', () => {
  it('is known by less than 512 KiB of it, and then by nothing more', async () => {
    const source = rangedSource();
    const { blob, linux } = hugeUki(GIB);
    const descriptor = source.add(blob);
    const known = readings();
    const read = await known.of(source, descriptor, 1_000);
    expect(read).toMatchObject({
      kind: 'uki',
      uki: {
        osName: 'Debian',
        uname: '6.12',
        sbat: expect.stringContaining('SBAT') as string,
        profiles: [{ commandLine: 'quiet', linux: { offset: linux }, kernel: HUGE_KERNEL }],
      },
    });
    expect(source.counted.received).toBeLessThan(512 * 1024);
    const { asked } = source.counted;
    expect(await known.of(source, descriptor, 1_000)).toBe(read);
    expect(source.counted).toMatchObject({ asked, open: 0 });
  });

  it('is known but for its kernel, where all that is before would have to be received', async () => {
    const source = rangedSource({ ranges: false });
    const descriptor = source.add(hugeUki(GIB).blob);
    const read = await readings().of(source, descriptor, 60_000);
    const kernel = { kind: 'unknown', hasEfiStub: false };
    expect(read).toMatchObject({
      kind: 'uki',
      uki: { osName: 'Debian', profiles: [{ commandLine: 'quiet', kernel }] },
    });
    expect(source.counted.received).toBeLessThan(20 * MIB);
    expect(source.counted.open).toBe(0);
  });

  it('is known whole where little is before its kernel', async () => {
    const source = rangedSource({ ranges: false });
    const read = await readings().of(source, source.add(hugeUki(12 * MIB).blob), 60_000);
    expect(read).toMatchObject({ kind: 'uki', uki: { profiles: [{ kernel: HUGE_KERNEL }] } });
  });
});

it('is read once however many want it', async () => {
  const source = rangedSource();
  const descriptor = source.add(hugeUki(GIB).blob);
  const known = readings();
  const all = await Promise.all(Array.from({ length: 20 }, () => known.of(source, descriptor, 1_000)));
  expect(new Set(all).size).toBe(1);
  const once = rangedSource();
  await readings().of(once, once.add(hugeUki(GIB).blob), 1_000);
  expect(source.counted).toEqual(once.counted);
});

it('is kept by its place too: what one registry says is not what another has', async () => {
  const [lying, honest] = [rangedSource({ name: 'evil.lab/os' }), rangedSource()];
  const descriptor = lying.add(hugeUki(GIB, 'init=/bin/sh').blob);
  expect(honest.add(hugeUki(GIB).blob)).toEqual(descriptor);
  const known = readings();
  expect(await known.of(lying, descriptor, 1_000)).toMatchObject({
    uki: { profiles: [{ commandLine: 'init=/bin/sh' }] },
  });
  expect(await known.of(honest, descriptor, 1_000)).toMatchObject({ uki: { profiles: [{ commandLine: 'quiet' }] } });
});

it('is refused with the reason, and that is kept for as long as a resolution is', async () => {
  const source = rangedSource();
  const descriptor = source.add(sparseBlob(MIB, { 0: Buffer.from('#!ipxe') }));
  const known = readings();
  const refused = { kind: 'refused', reason: 'it is no program of UEFI', isProgram: false };
  expect(await known.of(source, descriptor, 1_000)).toEqual(refused);
  expect(await known.of(source, descriptor, 1_000)).toEqual(refused);
  expect(source.counted.asked).toBe(1);
  vi.advanceTimersByTime(55_000);
  const down = { ...source, fetchBlob: () => Promise.reject(new Error('it is down')) };
  expect(await known.of(down, descriptor, 1_000)).toEqual(refused);
  const honest = rangedSource();
  expect(honest.add(hugeUki(MIB).blob)).toEqual(descriptor);
  expect(await known.of(honest, descriptor, 1_000)).toMatchObject({ kind: 'uki' });
  vi.advanceTimersByTime(3_600_000);
  expect(await known.of(down, descriptor, 1_000)).toMatchObject({ kind: 'uki' });
});

it('is unknown where it cannot be read, and is tried again', async () => {
  const source = rangedSource();
  const descriptor = source.add(hugeUki(GIB).blob);
  const cut = { ...source, fetchBlob: async () => cutOff() };
  const known = readings();
  expect(
    await known.of({ ...source, fetchBlob: () => Promise.reject(new Error('no such blob')) }, descriptor, 1_000),
  ).toBe(undefined);
  expect(await known.of(cut, descriptor, 1_000)).toBeUndefined();
  expect(await known.of(source, descriptor, 1_000)).toMatchObject({ kind: 'uki' });
});

async function* cutOff(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('MZ');
}

it('is not asked for again where what it says is out of reach', async () => {
  const source = rangedSource({ ranges: false });
  const { blob } = hugeUki(GIB);
  const [[at = 0, head = Buffer.alloc(0)] = []] = blob.parts;
  // Its .uname is said to be at its end.
  const entry = head.indexOf('.uname');
  head.writeUInt32LE(GIB - 4_096, entry + 20);
  const descriptor = source.add({ ...blob, parts: new Map([[at, head]]) });
  const known = readings();
  expect(await known.of(source, descriptor, 60_000)).toBeUndefined();
  const { asked } = source.counted;
  expect(asked).toBeGreaterThan(0);
  expect(await known.of(source, descriptor, 60_000)).toBeUndefined();
  expect(source.counted.asked).toBe(asked);
});

describe('a source that hangs', () => {
  it('keeps nobody waiting longer than they are patient, and is gone on with for who comes next', async () => {
    const source = rangedSource();
    const descriptor = source.add(hugeUki(GIB).blob);
    let give = (): void => undefined;
    const given = new Promise<void>((resolve) => {
      give = resolve;
    });
    const slow = {
      ...source,
      fetchBlob: async (...wanted: Parameters<RangedSource['fetchBlob']>) =>
        given.then(() => source.fetchBlob(...wanted)),
    };
    const known = readings();
    const waiting = known.of(slow, descriptor, 2_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await waiting).toBeUndefined();
    expect(await known.of(slow, descriptor, 2_000)).toBeUndefined();
    give();
    await vi.advanceTimersByTimeAsync(0);
    expect(await known.of(slow, descriptor, 2_000)).toMatchObject({ kind: 'uki' });
  });

  it('costs its time once, and not for each of its layers, of which few are asked for meanwhile', async () => {
    const source = hanging();
    const descriptors = Array.from({ length: 12 }, () => source.add(hugeUki(GIB).blob));
    const known = readings();
    let took = 0;
    for (const descriptor of descriptors) {
      const began = performance.now();
      const read = known.of(source, descriptor, 2_000);
      await vi.advanceTimersByTimeAsync(took === 0 ? 2_000 : 0);
      expect(await read).toBeUndefined();
      took += performance.now() - began;
    }
    expect([took, source.signals.length]).toEqual([2_000, 4]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(source.signals.every(({ aborted }) => aborted)).toBe(true);
  });

  it('is given up after a while, and asked anew', async () => {
    const source = hanging();
    const descriptor = source.add(hugeUki(GIB).blob);
    const known = readings();
    const first = known.of(source, descriptor, 2_000);
    await vi.advanceTimersByTimeAsync(19_000);
    expect(await first).toBeUndefined();
    const second = known.of(source, descriptor, 500);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await second).toBeUndefined();
    expect(source.signals.map(({ aborted }) => aborted)).toEqual([true]);
    const third = known.of(source, descriptor, 1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await third).toBeUndefined();
    expect(source.signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it('is ended with the rest', async () => {
    const source = hanging();
    const known = readings();
    const waiting = known.of(source, source.add(hugeUki(GIB).blob), 2_000);
    known.close();
    expect(await waiting).toBeUndefined();
    expect(source.signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});
