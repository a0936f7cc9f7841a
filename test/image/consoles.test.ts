import { expect, it } from 'vitest';
import { consoleArguments } from '../../src/image/consoles.js';
import { mergedText } from '../fixtures/merged-text.js';

it.each([
  ['amd64', 'console=tty0 console=ttyS0,115200n8'],
  ['arm64', 'console=tty0 console=ttyAMA0,115200n8'],
  ['riscv64', 'console=tty0 console=ttyS0,115200n8'],
])('the consoles of %s, the serial one last', (architecture, consoles) => {
  const found = consoleArguments(architecture);
  const own = 'console=ttyS1 quiet console=hvc0,9600 consoleblank=0';
  expect(found.kind === 'layer' && mergedText(own, found.layer)).toBe(`quiet consoleblank=0 ${consoles}`);
});

it('are not known of others', () => {
  expect(consoleArguments('s390x')).toEqual({
    kind: 'refused',
    reason: 'consoles are known of amd64, arm64, riscv64, and not of s390x: append its console= instead',
  });
});
