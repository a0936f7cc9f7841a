/** What the main thread and the SQLite worker say to each other. Structured-clone values only. */
export type WorkerRequest =
  | { readonly id: number; readonly kind: 'query'; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly id: number; readonly kind: 'close' };

export type WorkerReply =
  | { readonly id: number; readonly kind: 'rows'; readonly rows: readonly unknown[]; readonly changes: number }
  | { readonly id: number; readonly kind: 'error'; readonly code: string; readonly message: string };

/** The reply to opening the file, before any request. */
export const OPENED = 0;

export type WorkerData = { readonly file: string };

/** Of the thread that makes a copy. `now`: milliseconds since the epoch. */
export type CopyWorkerData = { readonly file: string; readonly copy: string; readonly now: number };

export type CopyReply =
  | { readonly kind: 'copied' }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };
