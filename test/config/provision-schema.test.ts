import { describe, expect, it } from 'vitest';
import { apiAssignmentKeys } from '../../src/config/mapping-schema.js';
import { PROVISION_OF_FILES } from '../../src/config/provision-schema.js';
import { readConfigText } from '../../src/config/read.js';
import { refusal } from '../fixtures/configuration-texts.js';

const text = (provision: string) =>
  `advertise: 192.168.77.1\ndata: /data\nassignments: [{ name: a, match: {}, image: lab:5000/os:1, provision: ${provision} }]\n`;
const read = (provision: string) =>
  readConfigText(text(provision), '/etc/bootlayer/bootlayer.yaml', {}).config.assignments[0]?.provision;

describe('what an assignment hands out', () => {
  it('is one document, beside the file that says so', () => {
    expect(read('{ ignition: ./worker.ign }')).toEqual({
      kinds: ['ignition'],
      documents: [
        {
          ...{ key: 'ignition', path: 'config.ign', format: 'json', contentType: 'application/json' },
          ...{ file: '/etc/bootlayer/worker.ign', isTemplate: false },
        },
      ],
      ...{ secrets: {}, life: 3_600_000, isOnce: false, isByAddress: false },
    });
  });

  it('is a seed, files and secrets, of which some are templates', () => {
    const provision = read(
      '{ cloudInit: { userData: { template: /srv/user }, networkConfig: net }, files: { a.sh: { template: a }, b: b }, secrets: { root: { file: /run/root } }, life: 15m, once: true, byAddress: true }',
    );
    expect(provision?.documents.map(({ key, path, file, isTemplate }) => [key, path, file, isTemplate])).toEqual([
      ['cloudInit.userData', 'seed/user-data', '/srv/user', true],
      ['cloudInit.networkConfig', 'seed/network-config', '/etc/bootlayer/net', false],
      ['files.a.sh', 'files/a.sh', '/etc/bootlayer/a', true],
      ['files.b', 'files/b', '/etc/bootlayer/b', false],
    ]);
    expect(provision).toMatchObject({
      ...{ kinds: ['cloudInit', 'files'], secrets: { root: { file: '/run/root' } } },
      ...{ life: 900_000, isOnce: true, isByAddress: true },
    });
  });

  it.each([
    ['{}', 'hands out nothing: name one of ignition'],
    ['{ secrets: { a: { file: x } } }', 'hands out nothing'],
    ['{ ignition: 1 }', 'must be the path of a file, or { template: PATH }'],
    ['{ ignition: { file: x } }', 'must be the path of a file, or { template: PATH }'],
    ['{ ignitoin: x }', 'unknown key "ignitoin", did you mean "ignition"?'],
    ['{ cloudInit: { metaData: x } }', 'userData: must be the path of a file'],
    ['{ cloudInit: { userData: x }, autoinstall: y }', 'leave one of the two out'],
    ['{ files: { "../x": y } }', 'must hold letters, digits and ._- alone'],
    ['{ files: { a: b }, secrets: { "a-b": { file: x } } }', 'must hold letters, digits and _ alone'],
    ['{ ignition: x, secrets: { a: hunter2 } }', 'must be a mapping, such as { file: /run/secrets/root }'],
    ['{ ignition: x, life: 30 }', 'write it with its unit'],
    ['{ ignition: x, life: 10s }', 'must be from 1m to 7d'],
    ['{ ignition: x, once: yes please }', 'must be true or false'],
  ])('is refused: %s', (provision, message) => {
    expect(refusal(text(provision))).toContain(message);
  });

  it('is refused once where its kind is misspelt', () => {
    expect(refusal(text('{ ignitoin: x }'))).not.toContain('hands out nothing');
  });

  it.each([
    ['[]', 'must be the name of one of provisions, or a mapping, such as { ignition: ./worker.ign }'],
    ['1', 'must be the name of one of provisions'],
    ['./a.ign', 'must be the name of one of provisions'],
    ['a.ign', 'no provisions have the name "a.ign": add them to provisions'],
  ])('that is neither a name nor all of it is refused: %s', (provision, message) => {
    expect(refusal(text(provision))).toContain(`assignments[0].provision: ${message}`);
  });

  it('is by the API the name of a set, and no file', () => {
    const said = (provision: unknown) =>
      apiAssignmentKeys.safeParse({ name: 'a', match: {}, image: 'lab:5000/os:1', provision });
    expect(said('worker').data?.provision).toBe('worker');
    expect(said('a/b').error?.issues).toMatchObject([
      { path: ['provision'], message: expect.stringContaining('slashes') as string },
    ]);
    expect(said(1).error?.issues).toMatchObject([{ path: ['provision'], message: PROVISION_OF_FILES }]);
  });

  it('is no matter of the API', () => {
    const { error } = apiAssignmentKeys.safeParse({
      ...{ name: 'a', match: {}, image: 'lab:5000/os:1', provision: { ignition: '/etc/shadow' } },
    });
    expect(error?.issues).toMatchObject([{ path: ['provision'], message: PROVISION_OF_FILES }]);
  });
});
