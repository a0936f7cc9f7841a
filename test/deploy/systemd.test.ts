import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dhcpUnits } from '../../src/cli/dhcp-units.js';
import { DEPLOY, judged } from '../fixtures/deploy.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { program } from '../setup/parts.js';

/** How much a service could do that was broken into, of 10 (systemd-analyze(1)), by any systemd: by 252, they are 1.3 and 1.6. */
const MOST = { alone: 1.5, withBoth: 1.8 };

const units = readdirSync(DEPLOY).filter((name) => /\.(service|socket)$/.test(name));
const DROP_INS = ['bootlayer-own-ports.conf', 'bootlayer-leases.conf'];

/** The units where nothing else is, with that Node which there is; `change`: of the service. */
async function installed(dropIns: readonly string[] = [], change = (service: string) => service) {
  const folder = await temporaryFolder();
  for (const name of units) {
    const text = readFileSync(join(DEPLOY, name), 'utf8').replace('/usr/bin/node', process.execPath);
    await writeFile(join(folder, name), name.endsWith('.service') ? change(text) : text);
  }
  await mkdir(join(folder, 'bootlayer.service.d'));
  for (const name of dropIns)
    await writeFile(join(folder, 'bootlayer.service.d', name), readFileSync(join(DEPLOY, name)));
  return folder;
}

/** Beside the units of systemd itself, and none of this machine's. */
function analyze(folder: string, ...args: readonly string[]) {
  const own = join(program('systemd-analyze').folder, 'lib/systemd/system');
  const usr = join(program('systemd-analyze').folder, 'usr/lib/systemd/system');
  return judged('systemd-analyze', ['--no-pager', '--man=no', ...args], {
    SYSTEMD_UNIT_PATH: `${folder}:${own}:${usr}`,
  });
}

function verified(folder: string) {
  return analyze(folder, 'verify', ...units.map((name) => join(folder, name)));
}

/** Its score, by what is written in the files alone. */
function exposure(folder: string): number {
  const { status, out } = analyze(folder, 'security', '--offline=yes', join(folder, 'bootlayer.service'));
  const [, score] = /Overall exposure level for bootlayer\.service: (\d+\.\d+)/.exec(out) ?? expect.fail(out);
  expect(status).toBe(0);
  return Number(score);
}

describe('systemd', () => {
  it('has nothing to say against the units', async () => {
    expect(units).toHaveLength(6);
    expect(verified(await installed())).toEqual({ status: 0, out: '' });
    expect(verified(await installed(DROP_INS))).toEqual({ status: 0, out: '' });
  });

  it('would say it', async () => {
    const folder = await installed([], (service) => service.replace('LockPersonality=', 'LockPersonalty='));
    expect(verified(folder).out).toContain("Unknown key 'LockPersonalty' in section [Service]");
  });

  it('counts what the service may do as little', async () => {
    expect(exposure(await installed())).toBeLessThanOrEqual(MOST.alone);
    expect(exposure(await installed(DROP_INS))).toBeLessThanOrEqual(MOST.withBoth);
    const unguarded = await installed([], (service) => service.replace(/^(System|Restrict|Protect)\w+=.*$/gm, ''));
    expect(exposure(unguarded)).toBeGreaterThan(4);
  });

  it('is said to by the README', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [, ...told] = /exposure of (\d\.\d) of 10 at most, and (\d\.\d) with both/.exec(readme) ?? [];
    expect(told.map(Number)).toEqual(Object.values(MOST));
  });
});

it.each(dhcpUnits(['br0']))('$file is what check prints', ({ file, text }) => {
  const [comment, ...rest] = readFileSync(join(DEPLOY, file), 'utf8').split('\n');
  expect(comment).toMatch(/^# /);
  expect(rest.join('\n')).toBe(text);
});
