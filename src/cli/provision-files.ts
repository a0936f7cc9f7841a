import type { FilesRead } from '../booter/explained-provision.js';
import { readSources } from '../config/disk-sources.js';
import { BootlayerError } from '../errors.js';
import type { Provision } from '../provision/provision.js';

/** What `plan` may show. */
export type ProvisionShown = { readonly provision?: true; readonly reveal?: true };

/** How the files of a provision are read for `plan`; undefined where it is not to show them. Throws USAGE. */
export function filesToShow({
  provision: isShown,
  reveal,
}: ProvisionShown): ((provision: Provision) => Promise<FilesRead>) | undefined {
  if (reveal && !isShown)
    throw new BootlayerError('USAGE', '--reveal shows secrets of documents', { remedy: 'say --provision, too' });
  return isShown ? (provision) => readFiles(provision, reveal === true) : undefined;
}

/** Secrets are read where they are shown, and nowhere else: whoever plans need not be allowed to. */
async function readFiles({ documents, secrets }: Provision, showsSecrets: boolean): Promise<FilesRead> {
  const named = [...documents, ...(showsSecrets ? Object.values(secrets) : [])].map(({ file }) => file);
  // As the server reads them. What cannot be read is told by the document that wants it.
  const sources = await readSources([...new Set(named)]);
  const read = sources.flatMap((source) =>
    source.kind === 'unreadable' ? [] : [[source.file, source.bytes] as const],
  );
  return { files: new Map(read), showsSecrets };
}
