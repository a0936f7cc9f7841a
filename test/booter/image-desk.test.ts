import { expect, it, onTestFinished } from 'vitest';
import { ImageDesk } from '../../src/booter/image-desk.js';
import { BootlayerError } from '../../src/errors.js';
import { testBooter } from '../fixtures/booter.js';
import { assignment, IMAGE } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const TEXT = 'registry.lab:5000/os/debian:12';
const OTHER = 'registry.lab:5000/os/debian:other';
const ASSIGNMENTS = [
  assignment({ name: 'a', match: { arch: ['amd64', 'arm64'] } }),
  assignment({ name: 'b', match: { arch: ['amd64'] } }),
  assignment({ name: 'c', image: { ...IMAGE, tag: 'other' }, match: { arch: ['amd64'] } }),
];

/** `arm64` cannot be had of any image, and nothing of the tag `other`. */
function desk(assignments = ASSIGNMENTS) {
  const { booter, blobs } = testBooter({
    assignments,
    images: {
      resolve: async ({ tag }, { architecture }) => {
        if (tag === 'other') throw new BootlayerError('REGISTRY_DENIED', 'bob of /etc/secret is refused');
        if (architecture === 'arm64') throw new BootlayerError('IMAGE_NO_PLATFORM', 'it has no arm64');
        return resolvedImage();
      },
    },
  });
  onTestFinished(() => blobs.close());
  const fetched: string[] = [];
  const made = new ImageDesk({
    mapping: () => booter.mapping,
    mapped: booter.mapped,
    fetchAhead: async ({ mediaType }) => void fetched.push(mediaType),
    defaultRegistry: () => 'registry.lab:5000',
  });
  return { desk: made, fetched };
}

it('lists what is mapped, page by page, with who names it and what it is known to be', async () => {
  const { desk: made } = desk();
  await made.resolve(TEXT);
  const { images, next } = made.page({ limit: 1 });
  expect([images, next]).toEqual([
    [
      {
        ...{ reference: TEXT, assignments: ['a', 'b'], assignmentCount: 2 },
        resolutions: [
          expect.objectContaining({
            ...{ architecture: 'amd64', variant: 'metal', platform: 'linux/amd64', digest: resolvedImage().digest },
            artifacts: [
              expect.objectContaining({ role: 'kernel', size: 7 }),
              expect.objectContaining({ role: 'initramfs', size: 10 }),
            ],
          }),
        ],
      },
    ],
    TEXT,
  ]);
  expect(made.page({ limit: 1, after: TEXT })).toEqual({
    images: [{ reference: OTHER, assignments: ['c'], assignmentCount: 1, resolutions: [] }],
  });
});

it('says once what an image is, whatever its assignments start of its ISO', async () => {
  const iso = { files: { kernel: '/k', initramfs: [] } };
  const { desk: made } = desk([...ASSIGNMENTS, assignment({ name: 'd', match: { arch: ['amd64'] }, iso })]);
  expect((await made.resolve(TEXT)).resolutions.map(({ architecture }) => architecture)).toEqual(['amd64']);
});

it('names a hundred assignments, and counts all', () => {
  const { desk: made } = desk(Array.from({ length: 101 }, (_, at) => assignment({ name: `a${at}` })));
  const [image] = made.page({ limit: 1 }).images;
  expect([image?.assignments.length, image?.assignmentCount]).toEqual([100, 101]);
});

it('resolves what is mapped in whatever spelling, and says what went wrong of it', async () => {
  const { desk: made } = desk();
  expect(await made.resolve('docker://os/debian:12')).toMatchObject({
    reference: TEXT,
    resolutions: [{ architecture: 'amd64' }],
    problems: [{ code: 'IMAGE_NO_PLATFORM', message: 'it has no arm64' }],
  });
  await expect(made.resolve(OTHER)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
});

it('has nothing to do with what is not mapped', async () => {
  const { desk: made, fetched } = desk();
  for (const text of ['registry.lab:5000/os/debian:13', 'evil.example/os:1', 'oci:/etc'])
    await expect(made.prefetch(text)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(made.resolve('A b')).rejects.toMatchObject({ code: 'REFERENCE_INVALID' });
  expect(fetched).toEqual([]);
});

it('fetches what an image has, the small first, once for all who ask', async () => {
  const { desk: made, fetched } = desk();
  const answers = await Promise.all([made.prefetch(TEXT), made.prefetch(TEXT)]);
  expect(answers.map(({ bytes, blobs }) => [bytes, blobs.map(({ role }) => role)])).toEqual([
    [17, ['kernel', 'initramfs']],
    [17, ['kernel', 'initramfs']],
  ]);
  expect(fetched).toHaveLength(2);
});
