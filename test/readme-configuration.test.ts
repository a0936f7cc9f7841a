import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { provisionSchema } from '../src/config/provision-schema.js';
import { readConfigText } from '../src/config/read.js';
import { configFileSchema } from '../src/config/schema.js';
import { EVERY_FIRMWARE } from './fixtures/firmware-matrix.js';
import { schemaKeys } from './fixtures/schema-keys.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** What stands in the README from a heading to the next one. */
function section(heading: string): string {
  const [, text] = new RegExp(`^#+ ${heading}\\n([\\s\\S]*?)^#+ `, 'm').exec(README) ?? [];
  return text ?? expect.fail(`the README has no section "${heading}"`);
}

/** The paths that the first cells of its tables name; what begins with a dot lies beside the one before it. */
function toldPaths(text: string): string[] {
  return [...text.matchAll(/^\| (`.+?) \|/gm)].flatMap(([, cell = '']) => {
    const [first = '', ...more] = [...cell.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    const beside = first.slice(0, first.lastIndexOf('.'));
    return [first, ...more.map((path) => (path.startsWith('.') ? `${beside}${path}` : path))];
  });
}

/** Values that several keys share are told once, in sections of their own. */
const shared = (path: string) =>
  path.replace(/(?<=(^|\.)kernelArgs|^provisions\.<name>)\..*$/, '').replace('registries.<name>', 'registries.<host>');

describe("the README's reference of the configuration", () => {
  it('names each key of the schema once, and no other', () => {
    const known = new Set(schemaKeys(configFileSchema).map(shared));
    expect(toldPaths(section('Configuration')).sort()).toEqual([...known].sort());
  });

  it('says what is in kernelArgs', () => {
    const keys = schemaKeys(configFileSchema).flatMap((path) => /^defaults\.kernelArgs\.(.+)$/.exec(path)?.[1] ?? []);
    expect(keys).toContain('append');
    const told = toldPaths(section('Kernel arguments')).map((path) => path.split(':')[0]);
    expect(told).toEqual(expect.arrayContaining(keys));
  });

  it('says what is in provision', () => {
    const text = section('Provisioning');
    const keys = schemaKeys(provisionSchema).map((path) => path.split('.')[0] ?? '');
    expect(toldPaths(text)).toEqual(expect.arrayContaining([...new Set(keys)]));
    for (const path of schemaKeys(provisionSchema).filter((path) => path.startsWith('cloudInit.')))
      expect(text).toContain(`\`${path.replace('cloudInit.', '')}\``);
  });
});

it('the README says by which ports all is there', () => {
  const text = 'advertise: 192.168.77.1\ndhcp: { mode: proxy }\nhttp: { tls: { cert: cert.pem, key: key.pem } }\n';
  const { config } = readConfigText(text, '/etc/bootlayer/bootlayer.yaml', {});
  const told = [...section('Ports').matchAll(/^\| (\d+), .* \| `(.+)\.listen` \|$/gm)].map(([, port, key]) => [
    key,
    Number(port),
  ]);
  expect(Object.fromEntries(told)).toEqual({
    http: config.http.listen.port,
    'http.tls': config.http.tls?.listen.port,
    tftp: config.tftp?.listen.port,
    dhcp: config.dhcp?.listen.port,
    api: config.api.listen.port,
  });
});

it('the README names each firmware that is booted here', () => {
  const NAMES = { bios: 'BIOS', uefi: 'UEFI', 'uefi-http': 'UEFI HTTP Boot' };
  const rows = [...section('Firmware that it boots').matchAll(/^\| (.+?) \| (.+?) \|/gm)];
  for (const { firmware, architecture, release } of EVERY_FIRMWARE) {
    const own = rows.find(([, name = '']) => new RegExp(`^${NAMES[firmware]} ${architecture}( by PXE|$)`).test(name));
    expect(own?.[2], `${firmware} ${architecture}`).toContain(release === 'trixie' ? 'Debian 13' : 'Debian 12');
  }
});
