import type { KernelArgs } from '../image/command-line.js';
import type { IpAddress } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { Uuid } from '../net/uuid.js';

/** A server the operator knows by name. Names, MACs, UUIDs, serials and addresses are unique over all machines. */
export type Machine = {
  readonly name: string;
  readonly macs: readonly MacAddress[];
  readonly uuid?: Uuid;
  readonly serial?: string;
  /** Go's name, for machines that do not report theirs. */
  readonly architecture?: string;
  readonly ip?: IpAddress;
  readonly hostname?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kernelArgs: KernelArgs;
};
