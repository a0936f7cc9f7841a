import { setFlagsFromString } from 'node:v8';

/**
 * V8 doubles the space for new objects each time that much of it outlives a collection, as all does that a start loads, up to
 * 32 MiB, and gives none of it back to the system. What is to run for months starts without that, and lets it grow by what it
 * then does.
 */
export function startSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** As V8 has it. */
export function growAsNeeded(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
}
