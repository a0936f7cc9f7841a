import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { dependsOf, modulesInOrder } from './kernel-modules.js';
import { busyboxProgram } from './parts.js';

/** As a module's .modinfo section has it. */
const module = (name: string, ...depends: readonly string[]): Buffer =>
  Buffer.from(`\x7fELF\0license=GPL\0depends=${depends.join(',')}\0retpoline=Y\0name=${name}\0`);

/** `module('packed', 'virtio-ring', 'virtio')` without its retpoline, by xz. */
const PACKED =
  '/Td6WFoAAAFpIt42AgAhARwAAAAQz1jMAQA3f0VMRgBsaWNlbnNlPUdQTABkZXBlbmRzPXZpcnRpby1yaW5nLHZpcnRpbwBuYW1lPXBhY2tlZAAA2fvECQABTDi8DUhUkEKZDQEAAAAAAVla';

describe('dependsOf', () => {
  it.each([
    ['nothing', module('virtio'), []],
    ['one', module('virtio_ring', 'virtio'), ['virtio']],
    [
      'several, with underscores as the kernel names them',
      module('net', 'net-failover', 'a_b'),
      ['net_failover', 'a_b'],
    ],
    ['no file of any kind', Buffer.from('console=ttyS0 depends=net'), []],
    ['what has no such line', Buffer.from('\x7fELF\0license=GPL\0'), []],
  ])('reads %s', (_what, bytes, names) => expect(dependsOf(bytes)).toEqual(names));

  it('reads a view into a larger buffer', () => {
    const around = Buffer.concat([module('other', 'wrong'), module('right', 'needed'), Buffer.alloc(9)]);
    const start = module('other', 'wrong').length;
    const view = new Uint8Array(around.buffer, around.byteOffset + start, module('right', 'needed').length);
    expect(dependsOf(view)).toEqual(['needed']);
  });
});

describe('modulesInOrder', () => {
  const folderWith = async (files: Readonly<Record<string, Buffer>>): Promise<string> => {
    const folder = await temporaryFolder();
    for (const [path, contents] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), contents);
    }
    return folder;
  };

  it('loads what is needed first, each once, and nothing else', async () => {
    const folder = await folderWith({
      'kernel/drivers/net/virtio_net.ko': module('virtio_net', 'net_failover', 'virtio', 'virtio_ring'),
      'kernel/net/core/failover.ko': module('failover'),
      'kernel/drivers/net/net-failover.ko': module('net_failover', 'failover'),
      'kernel/drivers/virtio/virtio.ko': module('virtio'),
      'kernel/drivers/virtio/virtio_ring.ko': module('virtio_ring', 'virtio'),
      'kernel/drivers/virtio/virtio_pci.ko': module('virtio_pci', 'virtio_ring', 'virtio'),
      'kernel/drivers/net/e1000.ko': module('e1000'),
      'modules.dep': Buffer.from('not a module'),
    });
    const modules = modulesInOrder(folder, ['virtio_pci', 'virtio-net'], busyboxProgram());
    const names = modules.map(({ name }) => name);
    expect(names).toEqual(['virtio', 'virtio_ring', 'virtio_pci', 'failover', 'net_failover', 'virtio_net']);
    expect(modules[0]?.contents).toEqual(module('virtio'));
  });

  it('unpacks what is packed, and takes what is missing for built in', async () => {
    const folder = await folderWith({
      'packed.ko.xz': Buffer.from(PACKED, 'base64'),
      'virtio-ring.ko': module('virtio_ring'),
    });
    const modules = modulesInOrder(folder, ['packed', 'virtio_pci'], busyboxProgram());
    expect(modules.map(({ name }) => name)).toEqual(['virtio_ring', 'packed']);
    expect(modules[1]?.contents.toString('latin1')).toContain('\x7fELF\0license=GPL\0');
  });

  it('ends when modules need each other', async () => {
    const folder = await folderWith({ 'a.ko': module('a', 'b'), 'b.ko': module('b', 'a') });
    expect(modulesInOrder(folder, ['a'], busyboxProgram()).map(({ name }) => name)).toEqual(['b', 'a']);
  });
});
