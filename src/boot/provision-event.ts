/** What becomes of machines' configurations. */
export type ProvisionEvent =
  /** A machine was handed a document. */
  | {
      readonly event: 'provision.sent';
      readonly machine: string;
      readonly address: string;
      readonly document: string;
      readonly bytes: number;
    }
  /** Somebody was not. `machine`: whose it would have been, where its own boot asked. */
  | {
      readonly event: 'provision.refused';
      readonly machine?: string;
      readonly address: string;
      readonly document: string;
      readonly why: RefusedProvision;
      readonly reason: string;
    }
  /** So many capabilities that were never given are tried there that it is told to wait. */
  | { readonly event: 'provision.flooded'; readonly address: string };

/**
 * Why nobody was handed a document. `foreign`: from another address than it was given to. `changed`: the mapping has. `broken`: it
 * cannot be written.
 */
export type RefusedProvision =
  | 'unknown'
  | 'expired'
  | 'superseded'
  | 'done'
  | 'foreign'
  | 'changed'
  | 'spent'
  | 'absent'
  | 'broken';

export function isProvisionEvent<E extends { readonly event: string }>(event: E): event is Extract<E, ProvisionEvent> {
  return event.event.startsWith('provision.');
}
