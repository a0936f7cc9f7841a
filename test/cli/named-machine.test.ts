import { expect, it } from 'vitest';
import { knownName } from '../../src/cli/named-machine.js';
import { BootlayerError } from '../../src/errors.js';

/** Of a server that knows one machine, by these names for it. */
const server = (known: readonly string[]) => async (path: string) => {
  const [, name = ''] = /machines\/([^/]+)\/standing/.exec(path) ?? [];
  if (path.includes('search=')) return { machines: [{ name: 'node-01' }, { name: 'node-011' }] };
  if (known.includes(decodeURIComponent(name))) return { machine: 'node-01', isDone: false };
  throw new BootlayerError('NOT_FOUND', 'there is no such machine');
};

it('finds the name of a machine by its MAC and in other letters', async () => {
  expect(await knownName(server(['5254.0012.3456']), '5254.0012.3456')).toBe('node-01');
  expect(await knownName(server([]), 'NODE-01')).toBe('node-01');
  expect(await knownName(server([]), 'node')).toBeUndefined();
});

it('throws what else goes wrong', async () => {
  const ask = async () => {
    throw new BootlayerError('FORBIDDEN', 'no');
  };
  await expect(knownName(ask, 'node-01')).rejects.toThrow('no');
});
