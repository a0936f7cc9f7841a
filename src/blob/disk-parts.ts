import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemErrorCode } from '../errors.js';

/**
 * Who writes into a cache folder: the server that has it, of which there is one, or a command beside it. Each goes on with
 * what others left only when nobody can be writing it.
 */
export type PartWriter = {
  /** How the names of its parts go on after the digest. */
  readonly mark: string;
  /** Whether it may go on with a part, or remove it. `touched`: when it was written last, in milliseconds since the epoch. */
  readonly mayTake: (part: { readonly mark: string; readonly touched: number }) => boolean;
};

/** The state beside the folder is locked: what no command has marked is of a server that runs no more, or its own. */
export const SERVER: PartWriter = {
  mark: '',
  mayTake: (part) => !isOfCommand(part.mark) || isAbandoned(part),
};

const PREFIX = 'pull-';
/**
 * The mark of a process of another host, or another container, says nothing: nobody waits that long between two pieces, nor
 * writes at a time that is so far to come.
 */
const QUIET_MILLISECONDS = 10 * 60_000;

/** A command of this process. */
export function besideServer(): PartWriter {
  return {
    mark: `${PREFIX}${thisHost()}-${process.pid}-`,
    mayTake: (part) => isOfCommand(part.mark) && isAbandoned(part),
  };
}

function isOfCommand(mark: string): boolean {
  return mark.startsWith(PREFIX);
}

function isAbandoned({ mark, touched }: { readonly mark: string; readonly touched: number }): boolean {
  const [, host, pid] = /^pull-(\w+)-(\d{1,10})-/.exec(mark) ?? [];
  if (host === thisHost() && pid !== undefined) return Number(pid) === process.pid || !isAlive(Number(pid));
  return Math.abs(Date.now() - touched) > QUIET_MILLISECONDS;
}

/** A process of somebody else's may not be signalled, and is there. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return systemErrorCode(thrown) !== 'ESRCH';
  }
}

/** With its namespace of processes: containers may have their host's name, and their own numbers. */
function thisHost(): string {
  return `${hostname().replace(/\W/g, '_').slice(0, 64)}_${processNamespace()}`;
}

/** pid_namespaces(7); empty where there are none. */
function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch {
    return '';
  }
}
