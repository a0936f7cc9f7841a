import type { Booter } from '../booter/booter.js';
import { fileOf } from '../tftp/file.js';
import type { BootFile, BootFileRoute, FileRequest } from './boot-file.js';

export const GREETING = /^(?:(?:ipxe\/)?boot\.ipxe|boot\/script(?:\?.*)?)$/;
/** iPXE of 2025 and later asks for it beside where it came from, and then in the root. */
export const AUTOEXEC = /^(?:.*\/)?autoexec\.ipxe$/;

/**
 * The scripts that HTTP has. Whoever asks for the one of its plan gets the one that makes it ask for it by HTTP: a request by
 * TFTP may be forged, and nobody whose address it is in would be told of the plan that is made, kept and attributed to it.
 */
export function scriptRoute(booter: Booter): BootFileRoute {
  return {
    name: 'scripts',
    claim: (path) => {
      if (GREETING.test(path))
        return async (request) => greetingFile(booter, booter.greeting(request.address), request);
      if (AUTOEXEC.test(path))
        return async (request) => greetingFile(booter, booter.autoexec(request.address), request);
      return undefined;
    },
  };
}

function greetingFile(booter: Booter, text: string, { path, address }: FileRequest): BootFile {
  return {
    ...fileOf(Buffer.from(text, 'latin1')),
    begun: () => {
      booter.transferEvents.greeting({ address, protocol: 'tftp', file: path });
      return () => undefined;
    },
  };
}
