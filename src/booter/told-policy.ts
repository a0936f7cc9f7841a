import type { DoneWhen, Policy, PolicyMode } from '../boot/policy.js';

/** A policy as operators are told of it. `window`: seconds. */
export type ToldPolicy = {
  readonly mode: PolicyMode;
  readonly doneWhen: DoneWhen;
  readonly maxAttempts?: number;
  readonly window?: number;
};

/** Pure. */
export function toldPolicy({ mode, doneWhen, limit }: Policy): ToldPolicy {
  return { mode, doneWhen, ...(limit && { maxAttempts: limit.maxAttempts, window: limit.window / 1000 }) };
}
