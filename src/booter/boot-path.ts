import { parseBlobPath } from './blob-path.js';
import { type FirmwareAsks, parseFirmwarePath } from './firmware-path.js';

/** What machines ask for by HTTP; `file`: anything else, which may be a loader, or not there. */
export type BootPath =
  | { readonly kind: 'greeting' | 'script' | 'blob' | 'provision' | 'done' }
  | { readonly kind: 'firmware'; readonly asks: FirmwareAsks }
  | { readonly kind: 'file'; readonly path: string };

/** The script that makes iPXE report its machine. */
export const GREETING_PATH = '/boot.ipxe';
/** Builds of 2025 and later ask for it beside where they came from, and in its root. */
export const AUTOEXEC_PATHS: readonly string[] = ['/ipxe/autoexec.ipxe', '/autoexec.ipxe'];
export const SCRIPT_PATH = '/boot/script';

/**
 * `target` of a request, or any other text: doubled slashes are one, one at the end is none, and neither the host nor a query says what is
 * asked for. Pure.
 */
export function parseBootPath(target: string): BootPath {
  const named = target.replace(/^https?:\/\/[^/?]*/i, '').split('?')[0] ?? '';
  const path = `/${named}`.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
  if (path === SCRIPT_PATH) return { kind: 'script' };
  if (path === GREETING_PATH || AUTOEXEC_PATHS.includes(path)) return { kind: 'greeting' };
  if (path.startsWith('/provision/')) return { kind: 'provision' };
  if (path.startsWith('/boot/done/')) return { kind: 'done' };
  const file = path.slice(1);
  if (parseBlobPath(file) !== undefined) return { kind: 'blob' };
  const asks = parseFirmwarePath(file);
  return asks === undefined ? { kind: 'file', path: file } : { kind: 'firmware', asks };
}
