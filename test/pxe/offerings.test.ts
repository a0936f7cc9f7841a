import { expect, it } from 'vitest';
import { BootUrls, type NearerBase } from '../../src/booter/boot-urls.js';
import { parseSubnet } from '../../src/net/ip.js';
import { keptOfferings } from '../../src/pxe/offerings.js';

const BR0 = '192.168.77.1';
const BR1 = '10.1.0.1';

/** What is offered by a server that is about to know where machines reach it, and which binaries it has. */
function offered() {
  let base = `http://${BR0}:0`;
  let nearer: readonly NearerBase[] = [];
  let loaders: ReadonlySet<string> = new Set(['snponly.efi']);
  const urls = new BootUrls(
    () => base,
    () => nearer,
  );
  const common = { urls, ports: { http: 8080 }, hasTftp: true, scheme: undefined };
  const offerings = keptOfferings(common, () => loaders);
  const knows = () => {
    base = `http://${BR0}:8080`;
    nearer = [{ subnet: parseSubnet('10.1.0.0/16') ?? expect.fail(), base: `http://${BR1}:8080` }];
  };
  const has = (...files: readonly string[]) => {
    loaders = new Set(files);
  };
  return { offerings, knows, has };
}

const told = ({ offerings }: ReturnType<typeof offered>, address: string) => {
  const { scriptUrl, firmwareUrl } = offerings(address);
  return [scriptUrl, firmwareUrl({ architecture: 'amd64' })];
};

it('are what machines at each address reach', () => {
  const all = offered();
  all.knows();
  for (const address of [BR0, BR1, BR0])
    expect(told(all, address)).toEqual([
      `http://${address}:8080/boot.ipxe`,
      `http://${address}:8080/uefi/amd64/-/-/boot.efi`,
    ]);
});

it('are made once for all who ask, until the loaders are looked at again', () => {
  const { offerings, has } = offered();
  const first = offerings(BR0);
  expect(offerings(BR0)).toBe(first);
  has('ipxe.efi');
  expect([...offerings(BR0).loaders]).toEqual(['ipxe.efi']);
});

it('are no longer those of before it was known where machines reach the server', () => {
  const all = offered();
  for (const address of [BR0, BR1]) told(all, address);
  all.knows();
  for (const address of [BR0, BR1])
    expect(told(all, address)).toEqual([
      `http://${address}:8080/boot.ipxe`,
      `http://${address}:8080/uefi/amd64/-/-/boot.efi`,
    ]);
});
