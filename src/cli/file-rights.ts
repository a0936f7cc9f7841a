/** Whom the system takes a process for. */
export type Rights = { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };

/** Of a file or a folder, as stat(2) tells them. */
export type Owned = { readonly mode: number; readonly uid: number; readonly gid: number };

export const RIGHT = { read: 4, write: 2, pass: 1 } as const;

/** Whether the mode gives all of `wanted` (of RIGHT, added up) to that user; access lists are not looked at. Pure. */
export function mayUse({ mode, uid, gid }: Owned, who: Rights, wanted: number): boolean {
  if (who.uid === 0) return true;
  // The first that fits counts, and no other (path_resolution(7)).
  const shift = uid === who.uid ? 6 : gid === who.gid || who.groups.includes(gid) ? 3 : 0;
  return ((mode >> shift) & wanted) === wanted;
}
