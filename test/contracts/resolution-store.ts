import { describe, expect, it } from 'vitest';
import type { ResolutionKey, ResolutionStore } from '../../src/boot/ports.js';
import type { ResolvedImage } from '../../src/image/image.js';
import { imageContents } from '../fixtures/huge-uki.js';
import { resolvedImage } from '../fixtures/plans.js';

/** What every store of resolutions does. `open` gives an empty one. */
export function resolutionStoreContract(open: () => Promise<ResolutionStore>): void {
  describe('as a resolution store', () => {
    const key = (more: object = {}): ResolutionKey => ({
      reference: 'registry.lab:5000/os/debian:12',
      wish: { os: 'linux', architecture: 'amd64', variant: 'metal', ...more },
    });

    it('keeps one resolution for each reference, architecture and variant', async () => {
      const store = await open();
      const [first, second] = [resolvedImage(), resolvedImage(['kernel'], { variant: 'metal' })];
      await store.saveResolution(key(), first, 1);
      await store.saveResolution(key({ architecture: 'arm64' }), second, 2);
      expect(await store.findResolution(key())).toEqual(first);
      expect(await store.findResolution(key({ architecture: 'arm64' }))).toEqual(second);
      expect(await store.findResolution(key({ variant: 'virtualization' }))).toBeUndefined();
      expect(await store.findResolution({ ...key(), reference: 'other' })).toBeUndefined();
    });

    it('keeps one for each that is wished of an ISO, which it was read for', async () => {
      const store = await open();
      const [one, other] = [
        { kernel: '/a', initramfs: ['/b', '/c'] },
        { kernel: '/a', initramfs: ['/b'] },
      ] as const;
      await store.saveResolution(key(), resolvedImage(['iso']), 1);
      await store.saveResolution(key({ isoFiles: one }), resolvedImage(['iso'], { isoFiles: one }), 2);
      // A row that somebody changed is none for another wish.
      await store.saveResolution(key({ isoFiles: other }), resolvedImage(['iso'], { isoFiles: one }), 3);
      expect(await store.findResolution(key())).toEqual(resolvedImage(['iso']));
      expect(await store.findResolution(key({ isoFiles: one }))).toEqual(resolvedImage(['iso'], { isoFiles: one }));
      expect((await store.findResolution(key({ isoFiles: other })))?.isoFiles).toEqual(other);
      expect(await store.findResolution(key({ isoFiles: { kernel: '/a', initramfs: [] } }))).toBeUndefined();
    });

    it('knows for which architectures there is one', async () => {
      const store = await open();
      const all = [{ architecture: 'arm64' }, {}, { variant: 'virtualization' }, { os: 'windows', architecture: 'x' }];
      for (const more of all) await store.saveResolution(key(more), resolvedImage(), 1);
      expect(await store.findArchitectures(key().reference)).toEqual(['amd64', 'arm64']);
      expect(await store.findArchitectures('other')).toEqual([]);
    });

    it('keeps what is known of the layers', async () => {
      const store = await open();
      const image = resolvedImage(['kernel', 'uki'], { contents: imageContents() });
      await store.saveResolution(key(), image, 1);
      expect(await store.findResolution(key())).toEqual(image);
    });

    it('knows nothing of layers by what is no word about them', async () => {
      const store = await open();
      const odd = { ...resolvedImage(), contents: { kernel: 5, uki: { kind: 'uki' } } } as unknown as ResolvedImage;
      await store.saveResolution(key(), odd, 1);
      expect(await store.findResolution(key())).toEqual(resolvedImage());
    });

    it('replaces what it had', async () => {
      const store = await open();
      await store.saveResolution(key(), resolvedImage(), 1);
      await store.saveResolution(key(), resolvedImage(['uki']), 2);
      expect(await store.findResolution(key())).toEqual(resolvedImage(['uki']));
    });
  });
}
