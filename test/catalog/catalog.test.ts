import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BootEvent } from '../../src/boot/event.js';
import type { ResolutionKey, ResolutionStore } from '../../src/boot/ports.js';
import { Catalog } from '../../src/catalog/catalog.js';
import { systemClock } from '../../src/clock.js';
import { BootlayerError } from '../../src/errors.js';
import type { ResolvedImage } from '../../src/image/image.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { OCI_MANIFEST } from '../../src/oci/media-type.js';
import { formatReference, type ImageReference, parseReference } from '../../src/oci/reference.js';
import { FakeRepository } from '../fakes/image-repository.js';
import { bzImageHead, HUGE_KERNEL } from '../fixtures/huge-uki.js';
import { program } from '../fixtures/programs.js';

const REFERENCE = parseReference('registry.lab:5000/os/debian:12');
const WISH = { os: 'linux', architecture: 'amd64', variant: 'metal' } as const;
const DOWN = new BootlayerError('REGISTRY_UNREACHABLE', 'the registry is down');

const UKI = program([{ name: '.linux', contents: bzImageHead() }]);

class MemoryResolutions implements ResolutionStore {
  readonly images = new Map<string, ResolvedImage>();
  full = false;

  async saveResolution(key: ResolutionKey, image: ResolvedImage): Promise<void> {
    if (this.full) throw new BootlayerError('DISK_FULL', 'no room');
    this.images.set(JSON.stringify(key), image);
  }

  async findResolution(key: ResolutionKey): Promise<ResolvedImage | undefined> {
    return this.images.get(JSON.stringify(key));
  }

  async findArchitectures(reference: string): Promise<readonly string[]> {
    const keys = [...this.images.keys()].map((key) => JSON.parse(key) as ResolutionKey);
    return keys.filter((key) => key.reference === reference).map(({ wish }) => wish.architecture);
  }
}

let repository: FakeRepository;
let resolutions: MemoryResolutions;
let events: BootEvent[];
let catalog: Catalog;

function restart(): void {
  const sources = { of: () => repository, blobSourcesAt: () => [] };
  catalog = new Catalog({ sources, resolutions, events: (event) => events.push(event), clock: systemClock });
}

beforeEach(() => {
  vi.useFakeTimers();
  repository = new FakeRepository();
  addKernel('12', bzImageHead());
  resolutions = new MemoryResolutions();
  events = [];
  restart();
});

afterEach(() => {
  catalog.close();
  vi.useRealTimers();
});

function addKernel(tag: string, bytes: Buffer): void {
  const kernel = descriptorOf('application/vnd.ironcore.image.kernel', bytes);
  repository.blobs.set(kernel.digest, bytes);
  const config = repository.addBlob('application/vnd.ironcore.image.config.v1+json', '{}');
  repository.addDocument(OCI_MANIFEST, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [kernel] }, tag);
}

const told = () =>
  events.map((event) => (event.event === 'image.resolved' ? `resolved from ${event.from}` : event.event));

describe('Catalog.resolve', () => {
  it('asks once however many want it, and not again for a while', async () => {
    const images = await Promise.all(Array.from({ length: 50 }, () => catalog.resolve(REFERENCE, WISH)));
    expect(new Set(images).size).toBe(1);
    expect(repository.fetched.filter((what) => what === '12')).toHaveLength(1);
    await catalog.resolve(REFERENCE, WISH);
    expect(repository.fetched.filter((what) => what === '12')).toHaveLength(1);
    vi.advanceTimersByTime(61_000);
    await catalog.resolve(REFERENCE, WISH);
    expect(repository.fetched.filter((what) => what === '12')).toHaveLength(2);
    expect(told()).toEqual(['resolved from source', 'resolved from source']);
  });

  it('takes nothing for granted any longer because the time of day was set back', async () => {
    await catalog.resolve(REFERENCE, WISH);
    vi.setSystemTime(Date.now() - 3_600_000);
    await catalog.resolve(REFERENCE, WISH);
    await catalog.resolve(REFERENCE, WISH);
    expect(repository.fetched.filter((what) => what === '12')).toHaveLength(2);
    repository.problem = new BootlayerError('IMAGE_NO_PLATFORM', 'none');
    const other = { ...WISH, architecture: 'arm64' };
    await expect(catalog.resolve(REFERENCE, other)).rejects.toThrow();
    repository.problem = undefined;
    vi.setSystemTime(Date.now() - 3_600_000);
    await expect(catalog.resolve(REFERENCE, other)).resolves.toBeDefined();
  });

  it('sees a tag that moved', async () => {
    const before = await catalog.resolve(REFERENCE, WISH);
    repository.addManifest(['application/vnd.ironcore.image.uki'], { tag: '12' });
    vi.advanceTimersByTime(61_000);
    expect((await catalog.resolve(REFERENCE, WISH)).manifestDigest).not.toBe(before.manifestDigest);
  });

  it('boots the last good image when the registry is down, also after a restart', async () => {
    const good = await catalog.resolve(REFERENCE, WISH);
    repository.problem = DOWN;
    restart();
    expect(await catalog.resolve(REFERENCE, WISH)).toEqual(good);
    expect(told()).toEqual(['resolved from source', 'image.failed', 'resolved from last-good']);
  });

  it('does not wait for a silent registry when it knows the last good image', async () => {
    const good = await catalog.resolve(REFERENCE, WISH);
    restart();
    vi.spyOn(repository, 'fetchDocument').mockReturnValue(new Promise(() => undefined));
    const waiting = catalog.resolve(REFERENCE, WISH);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(await waiting).toEqual(good);
    expect(catalog.isInTrouble(REFERENCE)).toBe(true);
    const architectures = catalog.architecturesOf(REFERENCE);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(await architectures).toEqual(['amd64']);
  });

  it('knows whether a source was in trouble when it was asked last', async () => {
    await catalog.resolve(REFERENCE, WISH);
    expect(catalog.isInTrouble(REFERENCE)).toBe(false);
    restart();
    repository.problem = DOWN;
    await catalog.resolve(REFERENCE, WISH);
    expect(catalog.isInTrouble({ ...REFERENCE, tag: 'other' })).toBe(true);
    repository.problem = new BootlayerError('IMAGE_NOT_FOUND', 'it is gone');
    await catalog.architecturesOf(REFERENCE).catch(() => undefined);
    expect(catalog.isInTrouble(REFERENCE)).toBe(false);
  });

  it('says why when there is nothing to fall back to, and remembers it for a moment only', async () => {
    repository.problem = DOWN;
    await expect(catalog.resolve(REFERENCE, WISH)).rejects.toThrow('the registry is down');
    await expect(catalog.resolve(REFERENCE, WISH)).rejects.toThrow('the registry is down');
    expect(repository.fetched).toHaveLength(1);
    repository.problem = undefined;
    vi.advanceTimersByTime(6_000);
    expect((await catalog.resolve(REFERENCE, WISH)).artifacts).toHaveLength(1);
  });

  it('takes a definite no for an answer: an image that was removed is not booted any more', async () => {
    await catalog.resolve(REFERENCE, WISH);
    restart();
    repository.problem = new BootlayerError('IMAGE_NOT_FOUND', 'it is gone');
    await expect(catalog.resolve(REFERENCE, WISH)).rejects.toThrow('it is gone');
  });

  it('needs no registry for a pinned reference it has seen', async () => {
    const { digest } = await catalog.resolve(REFERENCE, WISH);
    const pinned = { ...REFERENCE, digest };
    await catalog.resolve(pinned, WISH);
    restart();
    repository.fetched.length = 0;
    expect((await catalog.resolve(pinned, WISH)).manifestDigest).toBe(digest);
    expect(repository.fetched).toEqual([]);
  });

  describe('and what is wished of an ISO', () => {
    const FILES = { kernel: '/own/k', initramfs: [] };
    const OF_ISO = { ...WISH, isoFiles: FILES };

    it('is resolved for each wish, and found again for that, with the registry down', async () => {
      const [plain, wished] = [await catalog.resolve(REFERENCE, WISH), await catalog.resolve(REFERENCE, OF_ISO)];
      expect([plain.isoFiles, wished.isoFiles]).toEqual([undefined, FILES]);
      restart();
      vi.spyOn(repository, 'fetchDocument').mockRejectedValue(DOWN);
      expect(await catalog.resolve(REFERENCE, OF_ISO)).toEqual(wished);
      expect(await catalog.resolve(REFERENCE, WISH)).toEqual(plain);
      await expect(catalog.resolve(REFERENCE, { ...OF_ISO, isoFiles: { ...FILES, initramfs: ['/i'] } })).rejects.toBe(
        DOWN,
      );
    });
  });

  describe('and what layers hold', () => {
    const CONTENTS = { kernel: HUGE_KERNEL };

    const kernelOf = ({ artifacts: [kernel] }: ResolvedImage) => kernel?.descriptor.digest ?? '';
    const readings = (image: ResolvedImage) => repository.fetched.filter((what) => what === kernelOf(image)).length;

    /** As an older version has stored it. */
    async function storedWithout(reference: ImageReference): Promise<ResolvedImage> {
      const { contents: _contents, ...image } = await catalog.resolve(reference, WISH);
      await resolutions.saveResolution({ reference: formatReference(reference), wish: WISH }, image);
      repository.fetched.length = 0;
      events.length = 0;
      restart();
      return image;
    }

    async function pinned(): Promise<ImageReference> {
      return { ...REFERENCE, digest: (await catalog.resolve(REFERENCE, WISH)).digest };
    }

    it('are read once, however often the image is resolved', async () => {
      const image = await catalog.resolve(REFERENCE, WISH);
      expect(image.contents).toEqual(CONTENTS);
      expect([...resolutions.images.values()]).toEqual([image]);
      for (let minute = 0; minute < 5; minute += 1) {
        vi.advanceTimersByTime(61_000);
        expect((await catalog.resolve(REFERENCE, WISH)).contents).toEqual(CONTENTS);
      }
      restart();
      expect(await catalog.resolve(REFERENCE, WISH)).toEqual(image);
      expect(readings(image)).toBe(1);
    });

    it('do not fail a resolution that they cannot be read for', async () => {
      vi.spyOn(repository, 'fetchBlob').mockRejectedValue(DOWN);
      vi.spyOn(repository, 'readBlob').mockResolvedValue(Buffer.from('{}'));
      const image = await catalog.resolve(REFERENCE, WISH);
      expect([image.artifacts.length, image.contents]).toEqual([1, undefined]);
      expect(told()).toEqual(['resolved from source']);
      vi.restoreAllMocks();
      vi.advanceTimersByTime(61_000);
      expect((await catalog.resolve(REFERENCE, WISH)).contents).toEqual(CONTENTS);
    });

    it('keep nobody waiting: a registry whose blobs hang is not one in trouble', async () => {
      const before = await catalog.resolve(REFERENCE, WISH);
      repository.addManifest(['application/vnd.ironcore.image.kernel'], { tag: '12', annotations: { a: 'b' } });
      restart();
      vi.spyOn(repository, 'fetchBlob').mockReturnValue(new Promise(() => undefined));
      vi.spyOn(repository, 'readBlob').mockResolvedValue(Buffer.from('{}'));
      const waiting = catalog.resolve(REFERENCE, WISH);
      await vi.advanceTimersByTimeAsync(2_100);
      const image = await waiting;
      expect(image.manifestDigest).not.toBe(before.manifestDigest);
      expect(image.contents).toBeUndefined();
      expect(catalog.isInTrouble(REFERENCE)).toBe(false);
    });

    it('are read of a pinned image whose stored resolution does not know them, and of nothing else', async () => {
      const reference = await pinned();
      const stored = await storedWithout(reference);
      const image = await catalog.resolve(reference, WISH);
      expect(image).toEqual({ ...stored, contents: CONTENTS });
      expect(repository.fetched).toEqual([kernelOf(stored)]);
      restart();
      expect(await catalog.resolve(reference, WISH)).toEqual(image);
      expect(repository.fetched).toHaveLength(1);
      expect(told()).toEqual(['resolved from pinned', 'resolved from pinned']);
    });

    it.each([
      ['down', DOWN],
      ['without that image now', new BootlayerError('IMAGE_NOT_FOUND', 'it is gone')],
    ])('are not known of a pinned image while its registry is %s, and it boots as ever', async (_what, problem) => {
      const reference = await pinned();
      const stored = await storedWithout(reference);
      repository.problem = problem;
      expect(await catalog.resolve(reference, WISH)).toEqual(stored);
      expect(told()).toEqual(['resolved from pinned']);
      repository.problem = undefined;
      vi.advanceTimersByTime(61_000);
      expect((await catalog.resolve(reference, WISH)).contents).toEqual(CONTENTS);
    });

    it('are read again of a pinned UKI that could not be used, once a minute', async () => {
      const reference = await pinned();
      const artifacts = [{ role: 'uki', descriptor: descriptorOf('x', UKI) }] as const;
      const bad = { uki: { kind: 'refused', reason: 'it is no program of UEFI' } } as const;
      const stored = { ...(await storedWithout(reference)), artifacts, contents: bad };
      await resolutions.saveResolution({ reference: formatReference(reference), wish: WISH }, stored);
      repository.blobs.set(kernelOf(stored), Buffer.from('a login page'));
      for (let minute = 1; minute <= 3; minute += 1) {
        for (let time = 0; time < 5; time += 1) expect((await catalog.resolve(reference, WISH)).contents).toEqual(bad);
        expect(repository.fetched).toHaveLength(minute);
        vi.advanceTimersByTime(56_000);
      }
      repository.blobs.set(kernelOf(stored), UKI);
      expect((await catalog.resolve(reference, WISH)).contents).toMatchObject({ uki: { kind: 'uki' } });
      repository.problem = DOWN;
      restart();
      expect((await catalog.resolve(reference, WISH)).contents).toMatchObject({ uki: { kind: 'uki' } });
    });

    it('are not read again of a pinned kernel of no known kind, which is an answer', async () => {
      const reference = await pinned();
      const contents = { kernel: { kind: 'unknown', hasEfiStub: false } } as const;
      const stored = { ...(await storedWithout(reference)), contents };
      await resolutions.saveResolution({ reference: formatReference(reference), wish: WISH }, stored);
      for (let minute = 1; minute <= 3; minute += 1) {
        expect((await catalog.resolve(reference, WISH)).contents).toEqual(contents);
        vi.advanceTimersByTime(56_000);
      }
      expect(repository.fetched).toEqual([]);
    });

    it('cost the time of a registry whose blobs hang once, and not for each of its references', async () => {
      const tags = Array.from({ length: 10 }, (_, one) => `${one}`);
      for (const tag of tags) addKernel(tag, Buffer.concat([bzImageHead(), Buffer.from(tag)]));
      const asked = vi.spyOn(repository, 'fetchBlob').mockReturnValue(new Promise(() => undefined));
      vi.spyOn(repository, 'readBlob').mockResolvedValue(Buffer.from('{}'));
      const began = performance.now();
      for (const tag of tags) {
        const waiting = catalog.resolve({ ...REFERENCE, tag }, WISH);
        if (tag === '0') await vi.advanceTimersByTimeAsync(2_000);
        expect((await waiting).contents).toBeUndefined();
      }
      expect([performance.now() - began, asked.mock.calls.length]).toEqual([2_000, 4]);
      vi.restoreAllMocks();
      await vi.advanceTimersByTimeAsync(61_000);
      for (const tag of tags) expect((await catalog.resolve({ ...REFERENCE, tag }, WISH)).contents).toEqual(CONTENTS);
    });

    it('are those that were stored where the registry is down', async () => {
      const image = await catalog.resolve(REFERENCE, WISH);
      repository.problem = DOWN;
      restart();
      expect((await catalog.resolve(REFERENCE, WISH)).contents).toEqual(image.contents);
    });
  });

  it('boots although the resolution cannot be remembered', async () => {
    resolutions.full = true;
    expect((await catalog.resolve(REFERENCE, WISH)).artifacts).toHaveLength(1);
    expect(events[0]).toMatchObject({ event: 'image.failed', reason: expect.stringContaining('no room') as string });
  });

  it('keeps architectures and variants apart, and names from the prototype of objects', async () => {
    await catalog.resolve(REFERENCE, WISH);
    await catalog.resolve(REFERENCE, { ...WISH, architecture: 'arm64' });
    const odd = parseReference('registry.lab:5000/os/debian:constructor');
    await expect(catalog.resolve(odd, WISH)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(resolutions.images.size).toBe(2);
  });
});

describe('Catalog.architecturesOf', () => {
  it('goes by the image, and while its registry is in trouble by what was resolved', async () => {
    const held = ['amd64', 'arm64'].map((architecture) => {
      const annotations = { architecture };
      const manifest = repository.addManifest(['application/vnd.ironcore.image.kernel'], { annotations });
      return { ...manifest, platform: { os: 'linux', architecture } };
    });
    repository.addIndex(held, 'both');
    const reference = { ...REFERENCE, tag: 'both' };
    expect(await catalog.architecturesOf(reference)).toEqual(['amd64', 'arm64']);
    await catalog.resolve(reference, { ...WISH, architecture: 'arm64' });
    restart();
    repository.problem = DOWN;
    expect(await catalog.architecturesOf(reference)).toEqual(['arm64']);
    await expect(catalog.architecturesOf(REFERENCE)).rejects.toThrow('the registry is down');
    const asked = repository.fetched.length;
    expect(await catalog.lastArchitectures(reference)).toEqual(['arm64']);
    expect(await catalog.lastGood(reference, { ...WISH, architecture: 'arm64' })).toMatchObject({ artifacts: [{}] });
    expect(await catalog.lastGood(reference, WISH)).toBeUndefined();
    expect(repository.fetched).toHaveLength(asked);
    repository.problem = new BootlayerError('IMAGE_NOT_FOUND', 'it is gone');
    await expect(catalog.architecturesOf(reference)).rejects.toThrow('it is gone');
    const failed = events.filter(({ event }) => event === 'image.failed');
    expect(failed.map((event) => 'code' in event && event.code)).toEqual([
      'REGISTRY_UNREACHABLE',
      'REGISTRY_UNREACHABLE',
      'IMAGE_NOT_FOUND',
    ]);
  });
});
