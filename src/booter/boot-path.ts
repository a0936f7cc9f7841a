import { parseBlobPath } from './blob-path.js';
import { type FirmwareAsks, parseFirmwarePath } from './firmware-path.js';

/** What machines ask for by HTTP; `file`: anything else, which may be a loader, or not there. */
export type BootPath =
  | { readonly kind: 'greeting' | 'script' | 'blob' | 'provision' | 'done' }
  | { readonly kind: 'firmware'; readonly asks: FirmwareAsks }
  | { readonly kind: 'file'; readonly path: string };

const GREETING = /^(?:(?:ipxe\/)?boot\.ipxe|(?:.*\/)?autoexec\.ipxe)$/;

/** `target` of a request, or any other text: doubled slashes are one, and a query says nothing of what is asked for. Pure. */
export function parseBootPath(target: string): BootPath {
  const path = (target.split('?')[0] ?? '').replace(/\/{2,}/g, '/').replace(/^\//, '');
  if (path === 'boot/script') return { kind: 'script' };
  if (GREETING.test(path)) return { kind: 'greeting' };
  if (parseBlobPath(path) !== undefined) return { kind: 'blob' };
  if (path.startsWith('provision/')) return { kind: 'provision' };
  if (path.startsWith('boot/done/')) return { kind: 'done' };
  const asks = parseFirmwarePath(path);
  return asks === undefined ? { kind: 'file', path } : { kind: 'firmware', asks };
}
