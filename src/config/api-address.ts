import { z } from 'zod';
import { type Endpoint, parseEndpoint } from '../net/endpoint.js';
import { API_LISTEN } from './convert.js';
import { readSource } from './disk-sources.js';
import { parseConfigDocument } from './document.js';
import { applyEnvironment } from './environment.js';
import { configPath, type LoadOptions } from './load.js';

const saysWhere = z.object({ api: z.object({ listen: z.string() }) });

/**
 * Where the API of a server listens that runs by an older state of a configuration which is refused now: as the environment or the file
 * says, as far as that can be read, else where it does by default. undefined where there is no file that can be read. Never rejects.
 */
export async function findApiAddress(
  options: Pick<LoadOptions, 'file' | 'env' | 'cwd'>,
): Promise<Endpoint | undefined> {
  const path = await configPath(options);
  const source = path === undefined ? undefined : await readSource(path);
  if (source?.kind !== 'text') return undefined;
  const parsed = parseConfigDocument(source.text);
  const written = parsed.kind === 'broken' ? {} : (parsed.document.value ?? {});
  const said = saysWhere.safeParse(applyEnvironment(written, options.env).value).data;
  return (said && parseEndpoint(said.api.listen)) ?? API_LISTEN;
}
