import { describe, expect, it } from 'vitest';
import type { ImageWish } from '../../src/image/image.js';
import { pickVariant, selectManifest } from '../../src/image/select-manifest.js';
import { DOCKER_LIST, DOCKER_MANIFEST, IRONCORE_MANIFEST, OCI_INDEX } from '../../src/oci/media-type.js';
import { entry, index } from '../fixtures/images.js';

const amd64: ImageWish = { os: 'linux', architecture: 'amd64', variant: 'metal' };
const x86 = entry('linux/amd64');
const arm = entry('linux/arm64');
const metal = entry('linux/amd64', { variant: 'metal' });
const virtual = entry('linux/amd64', { variant: 'virtualization' });

describe('selectManifest', () => {
  it('chooses by architecture and operating system', () => {
    expect(selectManifest(index(arm, x86), amd64)).toEqual({ kind: 'chosen', entry: x86 });
    expect(selectManifest(index(entry('freebsd/amd64'), x86), amd64)).toEqual({ kind: 'chosen', entry: x86 });
  });

  it.each([DOCKER_MANIFEST, IRONCORE_MANIFEST])('takes entries of type %s', (type) => {
    const it = entry('linux/amd64', {}, type);
    expect(selectManifest(index(it), amd64)).toEqual({ kind: 'chosen', entry: it });
  });

  it('believes the architecture annotation where there is no platform', () => {
    const annotated = entry('', { architecture: 'x86_64' });
    expect(selectManifest(index(entry('', { architecture: 'aarch64' }), annotated), amd64)).toEqual({
      kind: 'chosen',
      entry: annotated,
    });
  });

  it('prefers the wanted variant', () => {
    expect(selectManifest(index(virtual, metal), amd64)).toEqual({ kind: 'chosen', entry: metal });
    expect(selectManifest(index(virtual, metal), { ...amd64, variant: 'virtualization' })).toEqual({
      kind: 'chosen',
      entry: virtual,
    });
  });

  it('prefers an entry without a variant to one with another, and takes what there is', () => {
    expect(selectManifest(index(virtual, x86), amd64)).toEqual({ kind: 'chosen', entry: x86 });
    expect(selectManifest(index(virtual), amd64)).toEqual({ kind: 'chosen', entry: virtual });
  });

  it('asks the manifests when the index does not tell several apart', () => {
    const another = entry('linux/amd64', { title: 'another' });
    expect(selectManifest(index(x86, another), amd64)).toEqual({ kind: 'ask', entries: [x86, another] });
  });

  it("takes Garden Linux's network boot flavour for metal", () => {
    const plain = entry('linux/amd64', { cname: 'metal-amd64-1.0', architecture: 'amd64' });
    const pxe = entry('linux/amd64', { cname: 'metal_pxe-amd64-1.0', architecture: 'amd64' });
    expect(selectManifest(index(plain, pxe), amd64)).toEqual({ kind: 'chosen', entry: pxe });
  });

  it('never takes an attestation', () => {
    const attestation = entry('unknown/unknown', { 'vnd.docker.reference.type': 'attestation-manifest' });
    expect(selectManifest(index(attestation, x86), amd64)).toEqual({ kind: 'chosen', entry: x86 });
  });

  it('says what there is when nothing fits', () => {
    expect(selectManifest(index(arm, entry('linux/riscv64', { variant: 'metal' })), amd64)).toEqual({
      kind: 'none',
      available: ['linux/arm64', 'linux/riscv64 (metal)'],
    });
  });

  it.each([OCI_INDEX, DOCKER_LIST])('looks into nested indexes of type %s last', (type) => {
    const nested = entry('', {}, type);
    expect(selectManifest(index(nested, x86), amd64)).toEqual({ kind: 'chosen', entry: x86 });
    expect(selectManifest(index(nested, arm, entry('linux/arm64', {}, type)), amd64)).toEqual({
      kind: 'nested',
      entries: [nested],
    });
  });
});

describe('pickVariant', () => {
  const of = (variant?: string, boots = true) => ({ annotations: variant === undefined ? {} : { variant }, boots });

  it('prefers the wanted, then the unnamed, then the first', () => {
    expect(pickVariant([of('virtualization'), of(), of('metal')], 'metal')).toEqual(of('metal'));
    expect(pickVariant([of('virtualization'), of()], 'metal')).toEqual(of());
    expect(pickVariant([of('virtualization'), of('other')], 'metal')).toEqual(of('virtualization'));
    expect(pickVariant([], 'metal')).toBeUndefined();
  });

  it('prefers what a machine can start among equals', () => {
    expect(pickVariant([of('metal', false), of('metal'), of()], 'metal')).toEqual(of('metal'));
    expect(pickVariant([of('metal', false), of()], 'metal')).toEqual(of('metal', false));
  });
});
