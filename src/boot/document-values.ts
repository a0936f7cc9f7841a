import { harmlessValue, recordedLabels, type ValuesOf } from './argument-values.js';

/** URLs that documents may name. */
export type DocumentUrls = {
  readonly server: { readonly url: string; readonly host: string };
  readonly done: { readonly url: string };
  readonly provision: { readonly url: string };
};

/**
 * What templates may name of a boot. What the operator has recorded counts as it is; of what the machine reports, what holds letters,
 * digits and `._:-` alone: it could be made up by anybody. What is not known is not there. Pure.
 */
export function documentValues(of: ValuesOf, urls: DocumentUrls) {
  const value = (key: string, name: Parameters<typeof harmlessValue>[0]) => {
    const text = harmlessValue(name, of);
    return text === undefined ? {} : { [key]: text };
  };
  return {
    machine: {
      ...value('name', 'machine.name'),
      ...value('mac', 'machine.mac'),
      ...value('uuid', 'machine.uuid'),
      ...value('serial', 'machine.serial'),
      ...value('hostname', 'machine.hostname'),
      ...value('ip', 'machine.ip'),
      ...value('arch', 'machine.arch'),
      labels: recordedLabels(of),
    },
    assignment: { name: of.assignment.name },
    image: { reference: of.image.reference, digest: of.image.digest },
    ...urls,
  };
}
