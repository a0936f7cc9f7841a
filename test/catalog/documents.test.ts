import { expect, it } from 'vitest';
import { Documents } from '../../src/catalog/documents.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { digestOf } from '../../src/oci/digest.js';
import type { ImageSource } from '../../src/oci/image-source.js';
import { TestClock } from '../fixtures/booter.js';

/** It has one document of that size, and counts how often it is asked. */
function setUp(size: number) {
  const bytes = Buffer.alloc(size);
  const asked = { times: 0 };
  const fetchDocument: ImageSource['fetchDocument'] = async () => {
    asked.times += 1;
    return { bytes, descriptor: descriptorOf('x', bytes) };
  };
  const source = { name: 'registry.lab:5000/os', fetchDocument } as unknown as ImageSource;
  return { documents: new Documents(new TestClock()), source, asked, digest: digestOf(bytes) };
}

it('asks once for a document, by its digest and by a tag', async () => {
  const { documents, source, asked, digest } = setUp(1_000);
  for (let time = 0; time < 3; time += 1) {
    await documents.fetch(source, { kind: 'digest', digest });
    await documents.fetch(source, { kind: 'tag', tag: '12' });
  }
  expect(asked.times).toBe(2);
  documents.close();
});

it('asks each time for one that is large', async () => {
  const { documents, source, asked, digest } = setUp(64 * 1_024 + 1);
  for (let time = 0; time < 3; time += 1) await documents.fetch(source, { kind: 'digest', digest });
  expect(asked.times).toBe(3);
  documents.close();
});
