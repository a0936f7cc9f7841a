import { describe, expect, it } from 'vitest';
import * as ipxe from '../../src/ipxe/script.js';
import { argumentWords, setting, urlWord, type Word } from '../../src/ipxe/word.js';

const words = (text: string): Word => {
  const args = argumentWords(text);
  if (args.kind === 'refused') throw new Error(args.why);
  return args.words;
};

describe('renderScript', () => {
  it('begins with the magic line, ends with a newline and writes one command a line', () => {
    expect(ipxe.renderScript([ipxe.echo('hello'), ipxe.exit()])).toBe(
      '#!ipxe\necho hello\niseq ${platform} pcbios && exit 0 || exit 1\n',
    );
  });

  it.each<[string, ipxe.Command, string]>([
    ['comment', ipxe.comment('a # b'), '# a _ b'],
    ['label', ipxe.label('fetch'), ':fetch'],
    ['goto', ipxe.goto('fetch'), 'goto fetch'],
    ['sleep, whole seconds', ipxe.sleep(1.2), 'sleep 2'],
    ['set', ipxe.set('arch', setting('buildarch')), `set arch \${buildarch}`],
    ['resetCounter', ipxe.resetCounter('n'), 'set n:int32 0'],
    ['configureNetwork', ipxe.configureNetwork('again'), 'dhcp || goto again'],
    ['ensureNetwork', ipxe.ensureNetwork(), `isset \${ip} || dhcp ||`],
    ['freeImages', ipxe.freeImages(), 'imgfree ||'],
    [
      'kernel',
      ipxe.kernel(urlWord('http://a/vmlinuz'), { words: words('quiet root=/dev/sda1'), initrds: ['initrd'] }, 'failed'),
      'kernel http://a/vmlinuz initrd=initrd quiet root=/dev/sda1 || goto failed',
    ],
    [
      'kernel without arguments',
      ipxe.kernel(urlWord('http://a/vmlinuz'), { words: words(''), initrds: ['initrd0', 'initrd'] }, 'failed'),
      'kernel http://a/vmlinuz initrd=initrd0 initrd=initrd || goto failed',
    ],
    [
      'kernel without an initramfs',
      ipxe.kernel(urlWord('http://a/boot.efi'), { words: words('') }, 'failed'),
      'kernel http://a/boot.efi || goto failed',
    ],
    [
      'initrd',
      ipxe.initrd('initrd', urlWord('http://a/initrd'), 'failed'),
      'initrd --name initrd http://a/initrd || goto failed',
    ],
    [
      'bootDisc',
      ipxe.bootDisc(urlWord('http://a/boot.iso'), 'failed'),
      'sanboot --no-describe http://a/boot.iso || goto failed',
    ],
    ['boot', ipxe.boot('failed'), 'boot || goto failed'],
    ['chain', ipxe.chain(urlWord('http://a/s'), 'again'), 'chain --replace --autofree http://a/s || goto again'],
    ['preferLongMode', ipxe.preferLongMode('arch'), `iseq \${arch} i386 && cpuid --ext 29 && set arch x86_64 ||`],
  ])('%s', (_name, command, line) => {
    expect(ipxe.renderScript([command])).toBe(`#!ipxe\n${line}\n`);
  });

  it('counts rounds of a loop', () => {
    expect(ipxe.renderScript(ipxe.countTo('n', 5, 'giveup'))).toBe(`#!ipxe\ninc n\niseq \${n} 5 && goto giveup ||\n`);
  });

  it('refuses a label that would be something else', () => {
    expect(() => ipxe.label('a b')).toThrow(RangeError);
    expect(() => ipxe.goto('a || shell')).toThrow(RangeError);
  });
});
