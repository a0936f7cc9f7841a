import type { TransferEnded } from '../booter/transfer-events.js';
import type { TftpFile } from '../tftp/file.js';

/** What a client asks for: a path without slashes around it (`readFileName`), and from where. */
export type FileRequest = { readonly path: string; readonly address: string };

/** A file that can be sent, and whom to tell that it is. */
export interface BootFile extends TftpFile {
  /** `sent`: bytes by now. */
  begun(sent: () => number): TransferEnded;
}

/** Some of the paths that there are. */
export type BootFileRoute = {
  readonly name: string;
  /** undefined for a path that is not its own; else what opens the file, which throws when it is not there. */
  claim(path: string): ((request: FileRequest) => Promise<BootFile>) | undefined;
};

/** The first of the routes that claims a path has it. Pure but for what the routes are. */
export function claimed(routes: readonly BootFileRoute[], path: string): ReturnType<BootFileRoute['claim']> {
  for (const route of routes) {
    const open = route.claim(path);
    if (open !== undefined) return open;
  }
  return undefined;
}
