import { MOST_INITRDS, MOST_PATH_CHARACTERS } from '../image/iso-opening.js';
import { appendedArgument } from './kernel-argument.js';
import { mapping, oneOrMore, parsed } from './values.js';

/** What an assignment says of an ISO, as it is written. */

const EXAMPLE = '/casper/vmlinuz';

const path = parsed(isoPath, `names no file: write its path in the ISO, such as ${EXAMPLE}`, {
  longest: MOST_PATH_CHARACTERS,
});

/** From the root of the ISO, whether or not it is written so. Throws RangeError. */
function isoPath(written: string): string | undefined {
  if (/[\p{Cc}\p{Cf}]/u.test(written)) throw new RangeError('must not hold invisible characters');
  const names = written.split('/').filter((name) => name !== '');
  if (names.some((name) => name === '.' || name === '..'))
    throw new RangeError(
      `"${written}" must not hold "." or "..": write the path from the root of the ISO, such as ${EXAMPLE}`,
    );
  return names.length === 0 ? undefined : `/${names.join('/')}`;
}

const initramfs = oneOrMore(path).refine(
  (paths) => paths.length <= MOST_INITRDS,
  `must not name more than ${MOST_INITRDS} files`,
);

export const isoSchema = mapping({
  kernel: path.optional(),
  initramfs: initramfs.optional(),
  kernelArgs: oneOrMore(appendedArgument).optional(),
})
  .refine((written) => Object.values(written).some((value) => value !== undefined), {
    message: 'says nothing: name kernel, initramfs or kernelArgs, or leave the key out',
  })
  .refine((written) => written.initramfs === undefined || written.kernel !== undefined, {
    path: ['initramfs'],
    message: 'says nothing without kernel: name the kernel that it is for',
  });
