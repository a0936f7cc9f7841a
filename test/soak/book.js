/**
 * What a machine knows of one of its boots, by its own count: what it asked for, and what it got. Times: milliseconds since the epoch.
 * `whole`: it has all of it; `parts`: ranges that it has; `cut`: what broke off, by whoever: the server may have sent all of it.
 * @typedef {{ whole: number, parts: number, cut: number }} Gets
 * `kernel` and `initramfs`: digests; `version` of what it was handed.
 * @typedef {{ at: number, kernel: string, initramfs: string, done?: string, document?: string }} Script
 * @typedef {'kernel' | 'initramfs' | 'uki'} Role
 */

export class Book {
  /** How it ended. @type {'under way' | 'whole' | 'gone in the initramfs' | 'gave up'} */
  end = 'under way';
  startedAt = Date.now();
  endedAt = 0;
  /** Of a boot that gave up: at what. */
  stage = '';
  discovers = 0;
  /** Scripts that came, and those that may have been sent. */
  scripts = { got: 0, unsure: 0, waits: 0 };
  /** The last one. @type {Script | undefined} */
  script;
  /** @type {Record<Role, Gets>} */
  gets = {
    kernel: { whole: 0, parts: 0, cut: 0 },
    initramfs: { whole: 0, parts: 0, cut: 0 },
    uki: { whole: 0, parts: 0, cut: 0 },
  };
  documents = { got: 0, unsure: 0 };
  /** Its report was taken. */
  isDone = false;
  /** When it was reset before it had its kernel, and there again: all of it is one boot. */
  resets = 0;
  bytes = 0;
  address = '';
  uki = '';
  /** How long each step took, in milliseconds. @type {Record<string, number>} */
  took = {};
  /** What it got and should not have got. @type {string[]} */
  wrongs = [];
  machine;
  kind;
  group;
  number;

  /** @param {{ machine: string, kind: import('./firmware-packets.js').FirmwareKind, group: Group, number: number }} whose */
  constructor({ machine, kind, group, number }) {
    this.machine = machine;
    this.kind = kind;
    this.group = group;
    this.number = number;
  }
}

/**
 * What machines are assigned: an image that is pushed anew meanwhile, with a configuration and a report; a UKI; what the mapping says
 * now; what everybody else gets.
 * @typedef {'live' | 'uki' | 'moving' | 'strangers'} Group
 */

/** A machine gives up, as its firmware would. */
export class GaveUp extends Error {
  stage;
  /** @param {string} stage @param {string} [why] */
  constructor(stage, why = '') {
    super(`${stage} ${why}`.trim());
    this.stage = this.message;
  }
}
