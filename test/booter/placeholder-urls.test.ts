import { expect, it } from 'vitest';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { placeholderUrls } from '../../src/booter/placeholder-urls.js';
import { URL_PLACEHOLDERS } from '../../src/image/placeholders.js';
import { hexOf } from '../../src/oci/digest.js';
import { bootPlan } from '../fixtures/plans.js';

const layers = bootPlan('node-01', ['kernel', 'initramfs', 'squashfs', 'disk']);
const plan = { ...layers, extras: [...layers.extras, { ...layers.kernel, role: 'iso' as const }] };
const GIVEN = { done: 'c1', provision: 'c2' };
const of = (base: string) => placeholderUrls(plan, new BootUrls(() => base), GIVEN);

it('every URL placeholder leads to this server', () => {
  const urls = of('http://10.0.2.2:8080');
  expect([...urls.keys()].toSorted()).toEqual([...URL_PLACEHOLDERS].toSorted());
  const [squashfs] = plan.extras;
  expect(urls.get('blob.squashfs.url')).toBe(
    `http://10.0.2.2:8080/blobs/sha256/${squashfs === undefined ? '' : hexOf(squashfs.descriptor.digest)}/root.squashfs`,
  );
  expect(urls.get('blob.iso.url')).toMatch(/\/boot\.iso$/);
  expect(urls.get('done.url')).toBe('http://10.0.2.2:8080/boot/done/c1');
  expect(urls.get('provision.url')).toBe('http://10.0.2.2:8080/provision/c2');
  expect(urls.get('server.url')).toBe('http://10.0.2.2:8080');
});

it.each([
  ['http://10.0.2.2:8080', '10.0.2.2'],
  ['https://boot.lab', 'boot.lab'],
  ['http://[fd77::1]:8080', '[fd77::1]'],
])('of %s, the host is %s', (base, host) => expect(of(base).get('server.host')).toBe(host));

it('a layer that there is not has no URL', () => {
  const urls = placeholderUrls({ extras: [] }, new BootUrls(() => 'http://lab'), GIVEN);
  expect([...urls.keys()]).toEqual(['done.url', 'provision.url', 'server.url', 'server.host']);
});
