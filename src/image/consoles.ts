import type { ArgumentLayer } from './merged-arguments.js';

/** The serial port of most servers, by Go's names (Linux: Documentation/admin-guide/serial-console.rst). */
const SERIAL_PORTS: ReadonlyMap<string, string> = new Map([
  ['amd64', 'ttyS0'],
  // SBSA servers have a PL011.
  ['arm64', 'ttyAMA0'],
  ['riscv64', 'ttyS0'],
]);

export type ConsoleArguments =
  | { readonly kind: 'layer'; readonly layer: ArgumentLayer }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Screen and serial port instead of the consoles that were said before: the kernel opens the last as /dev/console, and one that
 * the image names for another board may be none. Pure.
 */
export function consoleArguments(architecture: string): ConsoleArguments {
  const port = SERIAL_PORTS.get(architecture);
  if (port === undefined) {
    const known = [...SERIAL_PORTS.keys()].join(', ');
    const reason = `consoles are known of ${known}, and not of ${architecture}: append its console= instead`;
    return { kind: 'refused', reason };
  }
  const append = ['console=tty0', `console=${port},115200n8`];
  return { kind: 'layer', layer: { from: 'consoles', change: { remove: ['console'], append } } };
}
