import Fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { BootlayerError } from '../../src/errors.js';
import { sendError } from '../../src/http/error-reply.js';

it('logs no capability, however its path is written, and digests as they are', async () => {
  const lines: string[] = [];
  const app = Fastify({
    logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } },
    routerOptions: { ignoreDuplicateSlashes: true },
  });
  onTestFinished(() => app.close());
  app.get('/*', (_request, reply) => sendError(reply, new BootlayerError('DISK_FULL', 'no room')));
  const word = 'a-_'.repeat(14).concat('b');
  const digest = 'c'.repeat(64);
  for (const path of [`/provision/${word}/x`, `/provision//${word}/x`, `/%70rovision/${word}/x`, `/blobs/${digest}`])
    expect((await app.inject(path)).statusCode).toBe(507);
  expect(lines).toHaveLength(4);
  expect(lines.join('')).not.toContain(word);
  expect(lines.at(-1)).toContain(digest);
});
