import { describe, it } from 'vitest';
import { useBootFolder } from '../fixtures/boot-folder.js';
import { startProvisionedSite } from '../fixtures/provisioned-site.js';
import { bootMachine } from '../setup/qemu.js';

const CONFIG = JSON.stringify({ ignition: { version: '3.4.0' }, storage: {} });

/** Not Ignition itself: the test system fetches what its kernel was told of, and says what it is. */
describe('a machine that is told of an Ignition config on its command line', () => {
  const folder = useBootFolder();

  it.concurrent.for([
    ['/config.ign', `IGNITION ${CONFIG.length} 3.4.0`],
    ['/other.ign', 'IGNITION failed status=1'],
  ])('%s: %s', async ([path, said], context) => {
    const { expect } = context;
    const { segment, asked, told } = await startProvisionedSite(context, {
      ...{ folder: folder(), image: 'oci:../image:1', documents: { '/config.ign': CONFIG } },
      kernelArgs: (server) => [`ignition.config.url=${server}${path}`, `done=${server}/done`],
    });
    const tap = await segment.addTap();
    const machine = { firmware: 'bios', architecture: 'amd64', tap, seconds: 300 } as const;
    const { lines } = await bootMachine({ ...machine, expect: /REPORTED .*/ });
    expect(lines.filter((line) => /^(IGNITION|REPORTED)/.test(line))).toEqual([said, 'REPORTED status=0']);
    expect(asked.map(({ method, path: of }) => `${method} ${of}`)).toEqual([`GET ${path}`, 'POST /done']);
    expect(told('fault')).toEqual([]);
  });
});
