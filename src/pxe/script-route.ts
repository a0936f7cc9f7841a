import type { Booter } from '../booter/booter.js';
import { fileOf } from '../tftp/file.js';
import type { BootFile, BootFileRoute, FileRequest } from './boot-file.js';

const GREETING = /^(?:ipxe\/)?boot\.ipxe$/;
/** iPXE of 2025 and later asks for it beside where it came from, and then in the root. */
const AUTOEXEC = /^(?:.*\/)?autoexec\.ipxe$/;
const SCRIPT = /^boot\/script(?:\?(.*))?$/;

/**
 * The scripts that HTTP has. A request may be forged, and a script costs a plan: where `mayRender` says no, the machine gets the
 * one that makes it ask by HTTP.
 */
export function scriptRoute(booter: Booter, mayRender: () => boolean): BootFileRoute {
  return {
    name: 'scripts',
    claim: (path) => {
      if (GREETING.test(path)) return async (request) => greetingFile(booter, booter.greeting(), request);
      if (AUTOEXEC.test(path)) return async (request) => greetingFile(booter, booter.autoexec(), request);
      const query = SCRIPT.exec(path);
      if (query === null) return undefined;
      const report = Object.fromEntries(new URLSearchParams(query[1] ?? ''));
      return async (request) => {
        if (!mayRender()) return greetingFile(booter, booter.greeting(), request);
        return { ...fileInMemory(await booter.script(report, request.address)), begun: () => () => undefined };
      };
    },
  };
}

function greetingFile(booter: Booter, text: string, { path, address }: FileRequest): BootFile {
  return {
    ...fileInMemory(text),
    begun: () => {
      booter.transfers.greeting({ address, protocol: 'tftp', file: path });
      return () => undefined;
    },
  };
}

function fileInMemory(text: string) {
  return fileOf(Buffer.from(text, 'latin1'));
}
