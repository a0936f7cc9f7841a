import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBootPath } from '../../src/booter/boot-path.js';
import { firmwarePath } from '../../src/booter/firmware-path.js';

const HEX = 'ab'.repeat(32);

describe('what machines ask for by HTTP', () => {
  it.for([
    ['/boot.ipxe', 'greeting'],
    ['/boot.ipxe/', 'greeting'],
    ['http://192.168.77.1:8080/boot.ipxe', 'greeting'],
    ['/ipxe/autoexec.ipxe', 'greeting'],
    ['//boot//script?mac=x&next=/provision/', 'script'],
    [`/blobs/sha256/${HEX}/vmlinuz`, 'blob'],
    [`/blobs/sha256/${HEX}/512+1024/vmlinuz`, 'blob'],
    ['/provision/abc/user-data', 'provision'],
    ['/boot/done/abc', 'done'],
    [firmwarePath({ architecture: 'amd64' }), 'firmware'],
  ] as const)('%s is of kind %s', ([target, kind]) => {
    expect(parseBootPath(target).kind).toBe(kind);
  });

  it('may be anything else, which is a file', () => {
    expect(parseBootPath('/ipxe//snponly.efi?x=1')).toEqual({ kind: 'file', path: 'ipxe/snponly.efi' });
    for (const target of [
      '',
      '/',
      '/blobs/sha256/short/x',
      '/uefi/z80/-/-/boot.efi',
      '/boot/scripts',
      '/a/autoexec.ipxe',
      '*',
    ])
      expect(parseBootPath(target).kind, target).toBe('file');
    fc.assert(fc.property(fc.string(), (text) => parseBootPath(text).kind.length > 0));
  });
});
