import { readSource, whyNoText } from '../config/disk-sources.js';
import { parseTokenFile, whyNoToken } from '../config/token-file.js';
import { BootlayerError } from '../errors.js';
import { warnOnStderr } from './common.js';

/**
 * The token in a file: one by itself, or as the server has them, the first that may do everything, else the first. Throws USAGE,
 * in words that hold nothing of the file.
 */
export async function readToken(file: string): Promise<string> {
  const source = await readSource(file);
  if (source.kind !== 'text') throw unusable(file, `cannot be read (${whyNoText(source)})`);
  const alone = source.text.trim();
  if (!/\s/.test(alone) && whyNoToken(alone) === undefined) return alone;
  const { tokens, problems } = parseTokenFile(source.text);
  const [first] = tokens.toSorted((one, other) => rankOf(one.role) - rankOf(other.role));
  if (first === undefined) throw unusable(file, `holds no token: ${problems[0] ?? ''}`);
  return first.token;
}

function rankOf(role: string): number {
  return role === 'admin' ? 0 : 1;
}

function unusable(file: string, why: string): BootlayerError {
  return new BootlayerError('USAGE', `${file} ${why}`, {
    remedy: 'name a file with a token, or with lines of a role and a token, by --token-file FILE',
  });
}

/** That of the server's own file, as far as whoever asks may read it. */
export async function readOwnToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readToken(file);
  } catch (thrown) {
    const { message, remedy = '' } = BootlayerError.from(thrown);
    warnOnStderr(`api.tokenFile: ${message}; ${remedy}`);
    return undefined;
  }
}
