import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { answer, asks, discover, gets, gives, LEASED, refuses, request } from '../fixtures/boot-capture.js';
import { useBootFolder } from '../fixtures/boot-folder.js';
import { type Captured, classicCapture, pcapngCapture } from '../fixtures/captures.js';
import { bootlayer } from '../fixtures/program.js';
import { writeProxiedConfig } from '../fixtures/proxied-site.js';

/** `bootlayer doctor --pcap` as an operator runs it. */

const folder = useBootFolder();

async function replayed(packets: readonly Captured[], more: readonly string[] = [], write = classicCapture) {
  const file = join(folder(), 'boot.pcap');
  await writeFile(file, write(packets));
  return bootlayer(['doctor', '--pcap', file, ...more], { cwd: folder() });
}

it('says what this server would say, which offer is taken, and where the machine stops', async () => {
  const config = await writeProxiedConfig({ folder: folder() });
  const packets = [
    ...LEASED,
    asks(5),
    refuses(5.1),
    gets(9, '/boot/script?mac=52:54:00:77:00:01&buildarch=x86_64'),
    gives(9.1, 404, 0),
  ];
  const { status, out, err } = await replayed(packets, ['-c', config]);
  expect([status, err]).toEqual([1, '']);
  expect(out).toMatch(
    /^ +0\.000 s {2}52:54:00:77:00:01 {2}DISCOVER, x64 UEFI by PXE\n +- this server says: load snponly\.efi from 192\.168\.77\.1 \(assignment all\)$/m,
  );
  expect(out).toMatch(/^ +- by what it is offered it loads snponly\.efi by TFTP from 192\.168\.77\.1$/m);
  expect(out).toMatch(/asks 192\.168\.77\.1 for snponly\.efi by TFTP \(tsize 0\)\n +- this server has it: \d+ KiB$/m);
  expect(out).toMatch(/\/boot\/script\?.*: 404, 0 B\n +- this server answers by assignment all: oci:.*image:1$/m);
  expect(out).toMatch(
    /^fail: 52:54:00:77:00:01 \(x64 UEFI by PXE\), stops at HTTP: file-refused: .*is refused \(404\); correct the URL/m,
  );
  expect(out).toMatch(/^8 packets, 1 machine: 1 failure, 0 warnings, 0 ok\n$/m);
});

it('does without a configuration, and prints one document', async () => {
  const { status, out } = await replayed([discover(0), answer(0.1), request(4)], ['--json'], pcapngCapture);
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    ...{ packets: 3, failures: 0, warnings: 1 },
    machines: [{ who: '52:54:00:77:00:01', state: 'warn', step: 'DHCP' }],
    remarks: ['there is no configuration: what this server would answer is left out (-c FILE)'],
    steps: [{ at: 0, what: 'DISCOVER, x64 UEFI by PXE', times: 1 }, {}, {}],
  });
});

it('says so where nothing of booting is in it, or it is no capture', async () => {
  const nothing = await replayed([], ['--strict']);
  expect([nothing.status, nothing.out]).toEqual([
    1,
    expect.stringMatching(/nothing of booting is in the capture/) as string,
  ]);
  expect((await replayed([])).status).toBe(0);
  const other = await replayed([], [], () => Buffer.from('#!ipxe\n'));
  expect([other.status, other.err]).toEqual([
    2,
    expect.stringMatching(/boot\.pcap is no capture of pcap or pcapng; take one by: tcpdump/) as string,
  ]);
  const packed = await replayed([], [], (packets) => gzipSync(classicCapture(packets)));
  expect([packed.status, packed.err]).toEqual([
    2,
    expect.stringMatching(/boot\.pcap is packed by gzip; unpack it: zcat \S*boot\.pcap > unpacked\.pcap/) as string,
  ]);
});
