import { describe, expect, it } from 'vitest';
import { fetchesOf } from '../../src/boot/plan.js';
import { startedPart, wholeLayer } from '../../src/boot/started-part.js';
import type { Artifact } from '../../src/image/image.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { bootPlan, OPENED, openedPlan } from '../fixtures/plans.js';

describe('startedPart', () => {
  const plan = openedPlan();
  const { descriptor } = plan.kernel;
  const of = (part: { offset: number; length: number }) => startedPart(fetchesOf(plan), descriptor.digest, part);

  it('says of each part what it is, and which is the last', () => {
    const { linux, initrds } = OPENED;
    const parts = [linux, ...initrds].map((part) => of(part));
    expect(parts).toEqual([
      { role: 'kernel', descriptor, part: linux, slice: 'earlier' },
      { role: 'initramfs', descriptor, part: initrds[0], slice: 'earlier' },
      { role: 'initramfs', descriptor, part: initrds[1], slice: 'last' },
    ]);
  });

  it('takes a kernel that is alone for the last', () => {
    expect(startedPart({ start: [plan.kernel], later: [] }, descriptor.digest, OPENED.linux)).toMatchObject({
      slice: 'last',
    });
  });

  it('takes parts that coincide for the last of them', () => {
    const initramfs = { ...plan.kernel, role: 'initramfs' } as const;
    const found = startedPart({ start: [plan.kernel, initramfs], later: [] }, descriptor.digest, OPENED.linux);
    expect(found).toMatchObject({ role: 'initramfs', slice: 'last' });
  });

  it('knows what the system fetches by itself, unless it is what starts', () => {
    const root = { role: 'squashfs', descriptor, part: { offset: 1, length: 7 } } as const;
    const fetches = { start: [plan.kernel], later: [root, { ...plan.kernel, role: 'squashfs' } as const] };
    expect(startedPart(fetches, descriptor.digest, root.part)).toEqual({ ...root, slice: 'later' });
    expect(startedPart(fetches, descriptor.digest, OPENED.linux)).toMatchObject({ role: 'kernel', slice: 'last' });
  });

  it('knows no other slice, and none of another layer', () => {
    const { offset, length } = OPENED.linux;
    const others = [
      { offset, length: length - 1 },
      { offset: offset + 1, length },
    ];
    expect(others.map(of)).toEqual([undefined, undefined]);
    expect(startedPart(fetchesOf(bootPlan()), descriptor.digest, OPENED.linux)).toBeUndefined();
    expect(startedPart(fetchesOf(plan), bootPlan().kernel.descriptor.digest, OPENED.linux)).toBeUndefined();
  });
});

describe('wholeLayer', () => {
  it('is what the type of the layer says, not what a part of it is', () => {
    const { kernel } = openedPlan();
    expect(wholeLayer(kernel)).toEqual({ role: 'uki', descriptor: kernel.descriptor });
    expect(wholeLayer(bootPlan().kernel)).toEqual(bootPlan().kernel);
  });

  it('is what it was taken for where its type says nothing', () => {
    const artifact: Artifact = { role: 'disk', descriptor: descriptorOf('text/plain', Buffer.from('any')) };
    expect(wholeLayer(artifact)).toEqual(artifact);
  });
});
