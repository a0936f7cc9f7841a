import { expect, it } from 'vitest';
import { unseenText } from '../../src/cli/boots-asked.js';
import { BootlayerError } from '../../src/errors.js';

it('waits for a machine without a boot, and says when there is none of that name', async () => {
  expect(await unseenText(async () => ({}), 'node-01')).toBe('no boot of node-01 is known yet: it is waited for');
  const none = new BootlayerError('NOT_FOUND', 'there is no machine "x"');
  expect(await unseenText(() => Promise.reject(none), 'x')).toMatch(/^there is no machine "x", .* it is waited for; /);
  const denied = new BootlayerError('UNAUTHORIZED', 'no');
  await expect(unseenText(() => Promise.reject(denied), 'x')).rejects.toBe(denied);
});
