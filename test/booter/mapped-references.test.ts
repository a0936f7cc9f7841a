import { describe, expect, it } from 'vitest';
import { mappedReferences } from '../../src/booter/mapped-references.js';
import { createMapping } from '../../src/booter/mapping.js';
import { type ImageReference, placeOf, placeOfLocation } from '../../src/oci/reference.js';
import { assignment, IMAGE, machine } from '../fixtures/mappings.js';

const LAYOUT: ImageReference = { kind: 'layout', folder: '/srv/images', tag: '12', digest: undefined };

describe('mappedReferences', () => {
  const found = async (more: Partial<Parameters<typeof createMapping>[0]>) => {
    const mapping = createMapping({ machines: [], assignments: [], defaults: { kernelArgs: {} }, ...more });
    const places = await mappedReferences(mapping);
    return [...places].map(([place, references]) => [
      place,
      ...references.map(({ text, wishes, open }) => [
        text,
        wishes.map(({ architecture }) => architecture).join(' '),
        open.map(({ name }) => name).join(' '),
      ]),
    ]);
  };

  it('names each reference once at its place, with all that will be asked of it', async () => {
    const machines = [
      machine({ architecture: 'arm64' }),
      machine({ name: 'node-02', macs: [], architecture: 'arm64' }),
      machine({ name: 'node-03', macs: [] }),
    ];
    const assignments = [
      assignment({ name: 'some', priority: 1, match: { machine: ['node-01', 'node-02'] }, image: LAYOUT }),
      assignment({ name: 'amd64', match: { arch: ['amd64'] } }),
      assignment({ name: 'rest', priority: -1 }),
      assignment({ name: 'other', match: { arch: ['riscv64'] }, image: { ...IMAGE, tag: 'other' } }),
    ];
    expect(await found({ machines, assignments })).toEqual([
      [
        'registry.lab:5000',
        ['registry.lab:5000/os/debian:12', 'amd64', 'rest'],
        ['registry.lab:5000/os/debian:other', 'riscv64', ''],
      ],
      ['oci:', ['oci:/srv/images:12', 'arm64', '']],
    ]);
  });

  it('tells variants of one architecture apart', async () => {
    const assignments = ['metal', 'cloud'].map((variant) =>
      assignment({ name: variant, variant, match: { arch: ['amd64'] } }),
    );
    expect(await found({ assignments })).toEqual([
      ['registry.lab:5000', ['registry.lab:5000/os/debian:12', 'amd64 amd64', '']],
    ]);
  });
});

it('finds the same place in a reference and in the location of its image', () => {
  expect([placeOf(IMAGE), placeOfLocation('registry.lab:5000/os/debian')]).toEqual(Array(2).fill('registry.lab:5000'));
  expect([placeOf(LAYOUT), placeOfLocation('oci:/srv/images')]).toEqual(Array(2).fill('oci:'));
});
