import { expect, it } from 'vitest';
import type { BlobReader } from '../../src/blob/blob-reader.js';
import { sliceReader } from '../../src/booter/slice-reader.js';
import { gate, settled } from '../fixtures/waiting.js';

const CONTENTS = Buffer.from('0123456789');

function blob(whole: () => Promise<void> = async () => undefined) {
  let closed = 0;
  const reader: BlobReader = {
    size: CONTENTS.length,
    whole,
    available: async (position) => CONTENTS.length - position,
    read: async (target, position) => CONTENTS.copy(target, 0, position),
    close: async () => {
      closed += 1;
    },
  };
  return { reader, closed: () => closed };
}

async function read(reader: BlobReader, position: number, length: number): Promise<string> {
  const target = Buffer.alloc(length);
  return target.subarray(0, await reader.read(target, position)).toString();
}

it('reads a part as if it were all there is', async () => {
  const { reader, closed } = blob();
  const slice = sliceReader(reader, { offset: 3, length: 4 });
  expect([slice.size, await slice.available(0), await slice.available(4), await slice.available(9)]).toEqual([
    ...[4, 4, 0, 0],
  ]);
  expect([await read(slice, 0, 10), await read(slice, 2, 1), await read(slice, 4, 5)]).toEqual(['3456', '5', '']);
  await slice.close();
  expect(closed()).toBe(1);
});

it('has nothing before the whole blob is verified', async () => {
  const verifying = gate();
  const { reader } = blob(() => verifying.passed);
  const found: number[] = [];
  void sliceReader(reader, { offset: 0, length: 2 })
    .available(0)
    .then((count) => found.push(count));
  await settled();
  expect(found).toEqual([]);
  verifying.open();
  await settled();
  expect(found).toEqual([2]);
});
