import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { BOOT_STATES } from '../../src/boot/boot.js';
import { bootlayer } from '../fixtures/program.js';

const AT = '2026-01-01T00:00:00.000Z';
/** A terminal would take some of these for commands, or show others' words as a line of ours. */
const ODD = 'odd\u001b[31m\u009b0m\u202e\nsecond';
const BOOT = { id: ODD, machine: ODD, state: ODD, beganAt: AT, lastAt: AT, assignment: ODD, image: ODD, reason: ODD };

async function answering(body: unknown): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it.each([
  ['ls', [], { boots: [BOOT] }, 2],
  ['show', ['ab12'], { ...BOOT, boots: [], steps: [{ at: ODD, text: ODD }] }, 2],
  ['show', ['ab12'], { ...BOOT, boots: [], steps: [], findings: [{ finding: ODD, evidence: ODD, remedy: ODD }] }, 3],
] as const)('%s prints nothing that could drive a terminal', async (name, args, body, lines) => {
  const { out, status } = await bootlayer(['boot', name, ...args, '--server', await answering(body)]);
  expect([status, out.trimEnd().split('\n').length]).toEqual([0, lines]);
  expect(out).toContain('odd?[31m?0m? second');
  expect(out).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
});

it('explains every state', async () => {
  const { out } = await bootlayer(['boot', 'ls', '--help']);
  const explained = out.slice(out.indexOf('States:'));
  expect(BOOT_STATES.filter((state) => !explained.includes(state))).toEqual([]);
});

it('ends with a server that has no end', async () => {
  const facts = { sourceAddress: '192.168.77.20' };
  const enrolled = [{ name: 'a', lastAt: AT, isShown: true, facts }];
  const server = await answering({ enrolled, next: 'a' });
  const { out } = await bootlayer(['machine', 'enrolled', '--server', server]);
  expect(out.trimEnd().split('\n')).toHaveLength(3);
});
