/**
 * What of node:module fdir uses, which looks for a package of the user's in the folders beside the program, and would run what
 * anybody has put there: to the single-file executable, nothing is beside it.
 */
export function createRequire() {
  return Object.assign(none, { resolve: none });
}

/** @param {string} name */
function none(name) {
  throw new Error(`${name} is not in this program`);
}
