import { z } from 'zod';
import { parseDuration } from '../format.js';
import { PROVISION_KINDS } from '../provision/kinds.js';
import { LONGEST_LIFE, SHORTEST_LIFE } from '../provision/provision.js';
import { mapping, name, parsed, record, text } from './values.js';

/** What an assignment's machines are handed as their configuration, as it is written. */

const path = text(4096);

/** A file that is handed out as it is, or a template that values are filled in to. */
const source = z.union(
  [path, mapping({ template: path }, 'a file that is handed out as it is is written by its path alone')],
  { error: 'must be the path of a file, or { template: PATH } where values are filled in' },
);

const cloudInit = mapping(
  {
    userData: source,
    metaData: source.optional(),
    vendorData: source.optional(),
    networkConfig: source.optional(),
  },
  undefined,
  '{ userData: ./user-data }',
);

/** It stands in a URL, and in kernel arguments. */
const fileName = text(128).regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'must hold letters, digits and ._- alone');
/** It stands in templates. */
const secretName = text(64).regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'must hold letters, digits and _ alone, a letter first');

const EXAMPLE = '{ ignition: ./worker.ign }';

const secret = mapping({ file: path }, 'what is secret stands in a file of its own', '{ file: /run/secrets/root }');

const life = parsed(parseDuration, 'is no duration, such as 30m or 2h', {
  whereNumber: 'write it with its unit: "90s", "30m", "1h"',
}).refine((milliseconds) => milliseconds >= SHORTEST_LIFE && milliseconds <= LONGEST_LIFE, 'must be from 1m to 7d');

export const provisionSchema = mapping(
  {
    ignition: source.optional(),
    cloudInit: cloudInit.optional(),
    autoinstall: source.optional(),
    kickstart: source.optional(),
    preseed: source.optional(),
    talos: source.optional(),
    files: record(fileName, source, 'must be a mapping of names to files').optional(),
    secrets: record(secretName, secret, 'must be a mapping of names to files of secrets').optional(),
    life: life.optional(),
    once: z.boolean('must be true or false').optional(),
    byAddress: z.boolean('must be true or false').optional(),
  },
  undefined,
  EXAMPLE,
)
  .refine((written) => PROVISION_KINDS.some((key) => written[key] !== undefined), {
    // What is misspelt may have been the one.
    when: ({ issues }) => issues.length === 0,
    message: `hands out nothing: name one of ${PROVISION_KINDS.join(', ')}, or leave the key out`,
  })
  .refine((written) => written.cloudInit === undefined || written.autoinstall === undefined, {
    path: ['autoinstall'],
    message: 'is what cloudInit.userData is: both are fetched under one name, so leave one of the two out',
  });

export type ProvisionEntry = z.output<typeof provisionSchema>;

/** Sets that assignments take by their names. */
export const provisions = record(name, provisionSchema, 'must be a mapping of names to what is handed out');

const NEITHER = `must be the name of one of provisions, or a mapping, such as ${EXAMPLE}`;

/** What an assignment says: the name of a set, or all of it. A union would not say what is wrong inside. */
export const provisionChoice = z.unknown().transform((written, context): string | ProvisionEntry => {
  const isMapping = typeof written === 'object' && written !== null && !Array.isArray(written);
  const result = isMapping ? provisionSchema.safeParse(written) : name.safeParse(written);
  if (result.success) return result.data;
  if (isMapping)
    for (const issue of result.error.issues) context.issues.push({ ...issue, input: written } as z.core.$ZodRawIssue);
  else context.addIssue({ code: 'custom', message: NEITHER });
  return z.NEVER;
});

/** Whoever may change entries by the API is not to hand out any file that the server may read. */
export const PROVISION_OF_FILES =
  'must be the name of one of provisions: which files of the server are handed out, its configuration alone says';

/** What an assignment says by the API. */
export const setName = z.string(PROVISION_OF_FILES).pipe(name).describe('one of provisions in the configuration');
