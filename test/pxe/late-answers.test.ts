import { expect, it } from 'vitest';
import { LateAnswers } from '../../src/pxe/late-answers.js';
import { FakePort } from '../fixtures/fake-port.js';

const TO = { address: '10.0.0.7', port: 68 };

it('answers that come together go out together, and one that cannot keeps none back', () => {
  const port = new FakePort();
  const runs: (() => void)[] = [];
  const faults: unknown[] = [];
  const late = new LateAnswers(
    (thrown) => faults.push(thrown),
    (run) => runs.push(run),
  );
  const bad = {
    send: () => {
      throw new RangeError('no such port');
    },
  };
  for (const text of ['a', 'b']) late.send({ port, bytes: Buffer.from(text), to: TO });
  late.send({ port: bad, bytes: Buffer.from('bad'), to: TO });
  late.send({ port, bytes: Buffer.from('c'), to: TO });
  expect([port.sent.length, runs.length]).toEqual([0, 1]);
  runs.shift()?.();
  expect(port.sent.map(({ bytes }) => bytes.toString())).toEqual(['a', 'b', 'c']);
  expect(faults).toEqual([expect.any(RangeError)]);
  late.send({ port, bytes: Buffer.from('d'), to: TO });
  runs.shift()?.();
  expect(port.sent).toHaveLength(4);
});
