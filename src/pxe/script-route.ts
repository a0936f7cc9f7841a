import type { Booter } from '../booter/booter.js';
import { fileOf } from '../tftp/file.js';
import type { BootFile, BootFileRoute } from './boot-file.js';

const GREETING = /^(?:ipxe\/)?boot\.ipxe$/;
/** iPXE of 2025 and later asks for it beside where it came from, and then in the root. */
const AUTOEXEC = /^(?:.*\/)?autoexec\.ipxe$/;
const SCRIPT = /^boot\/script(?:\?(.*))?$/;

/** The scripts that HTTP has, for clients that have no HTTP. */
export function scriptRoute(booter: Booter): BootFileRoute {
  return {
    name: 'scripts',
    claim: (path) => {
      if (GREETING.test(path)) return async ({ address }) => scriptFile(booter.greeting(address));
      if (AUTOEXEC.test(path)) return async ({ address }) => scriptFile(booter.autoexec(address));
      const query = SCRIPT.exec(path);
      if (query === null) return undefined;
      const report = Object.fromEntries(new URLSearchParams(query[1] ?? ''));
      return async ({ address }) => scriptFile(await booter.script(report, address));
    },
  };
}

/** What was answered is an event already. */
function scriptFile(text: string): BootFile {
  return { ...fileOf(Buffer.from(text, 'latin1')), begun: () => () => undefined };
}
