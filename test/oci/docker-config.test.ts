import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findInDockerConfig } from '../../src/oci/docker-config.js';

const auth = (text: string) => Buffer.from(text).toString('base64');
const find = (config: object, registry = 'lab:5000', repository = 'os/debian') =>
  findInDockerConfig(JSON.stringify(config), registry, repository);
const user = (username: string, password = 'p') => ({
  kind: 'credential',
  credential: { kind: 'basic', username, password },
});

describe('findInDockerConfig', () => {
  it.each([
    'lab:5000',
    'LAB:5000',
    'https://lab:5000',
    'http://lab:5000/',
    'https://lab:5000/v1/',
    'lab:5000/v2/',
    'lab:5000/os',
    'lab:5000/os/debian',
  ])('finds %s', (key) => expect(find({ auths: { [key]: { auth: auth('u:p') } } })).toEqual(user('u')));

  it.each(['lab', 'lab:500', 'lab:50001', 'lab:5000/o', 'lab:5000/os/deb', 'xlab:5000', '', '/'])(
    'takes %j for another',
    (key) => expect(find({ auths: { [key]: { auth: auth('u:p') } } })).toEqual({ kind: 'none' }),
  );

  it('prefers the longest path', () => {
    const auths = {
      'lab:5000': { auth: auth('host:p') },
      'lab:5000/os/debian': { auth: auth('whole:p') },
      'lab:5000/os': { auth: auth('folder:p') },
    };
    expect(find({ auths })).toEqual(user('whole'));
    expect(find({ auths }, 'lab:5000', 'os/edge')).toEqual(user('folder'));
    expect(find({ auths }, 'lab:5000', 'other')).toEqual(user('host'));
  });

  it('knows the old name of the Docker Hub', () => {
    const config = { auths: { 'https://index.docker.io/v1/': { auth: auth('u:p') } } };
    expect(find(config, 'docker.io', 'library/debian')).toEqual(user('u'));
    expect(find({ credsStore: 'desktop' }, 'docker.io')).toEqual({
      kind: 'helper',
      name: 'desktop',
      server: 'https://index.docker.io/v1/',
    });
  });

  it('reads every kind of entry', () => {
    const entry = (value: object) => find({ auths: { 'lab:5000': value } });
    expect(entry({ auth: auth('u:p:q') })).toEqual(user('u', 'p:q'));
    expect(entry({ username: 'u', password: 'p' })).toEqual(user('u'));
    expect(entry({ auth: auth('<token>:x'), identitytoken: 't' })).toMatchObject({
      credential: { kind: 'identity', token: 't' },
    });
    expect(entry({ registrytoken: 't' })).toMatchObject({ credential: { kind: 'bearer', token: 't' } });
    expect(entry({})).toEqual({ kind: 'none' });
    expect(() => entry({ auth: auth('secret') })).toThrow('its entry for lab:5000 holds no user and password');
    for (const token of ['a b', 'a\r\nx: y', 'ü']) {
      expect(() => entry({ registrytoken: token })).toThrow('its entry for lab:5000 holds what is no registry token');
    }
  });

  it('asks the helper of the registry before what is written, and the one of all after it', () => {
    const auths = { 'lab:5000': { auth: auth('u:p') } };
    const ecr = { kind: 'helper', name: 'ecr-login', server: 'lab:5000' };
    expect(find({ auths, credHelpers: { 'lab:5000': 'ecr-login' }, credsStore: 'pass' })).toEqual(ecr);
    expect(find({ auths, credsStore: 'pass' })).toEqual(user('u'));
    expect(find({ auths: { 'lab:5000': {} }, credsStore: 'pass' })).toEqual({ ...ecr, name: 'pass' });
    expect(find({ credHelpers: { other: 'ecr-login' }, credsStore: '' })).toEqual({ kind: 'none' });
  });

  it.each(['../evil', 'a b', 'a;b', '$(x)', 'A', 5, { toString: 1 }, ['pass'], true])(
    'runs no helper called %j',
    (name) => {
      expect(() => find({ credsStore: name })).toThrow('is no name of a credential helper');
    },
  );

  it('never repeats what is in the file', () => {
    expect(() => findInDockerConfig('{"auths":{"x":{"auth":"c2VjcmV0"', 'x', 'y')).toThrow(/^it is no JSON$/);
  });

  it('takes any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(findInDockerConfig(text, 'lab', 'os')).toBeDefined();
      }),
    );
  });
});
