import { type Bootable, CLIENTS, type Client, hasClient } from '../image/bootable.js';
import type { ImageMethod } from './boot-method.js';
import { chooseWay } from './choose-way.js';

/** Why a client does not boot an image: it knows no way to start it, or cannot be given its kernel arguments. */
export type ClientRefusal = { readonly kind: 'way' | 'arguments'; readonly reason: string };

export type RefusedClient = { readonly client: Client } & ClientRefusal;

/** Who can boot an image, of all that machines of an architecture come as. */
export type JudgedClients = {
  readonly clients: readonly Client[];
  readonly refused: readonly RefusedClient[];
  /** Why none can; undefined where one does. */
  readonly reason?: string;
};

/** By the ways to start it alone, where Secure Boot is off: its kernel arguments are not looked at. Pure. */
export function judgeClients(image: Bootable, architecture: string): JudgedClients {
  return judgeEach(architecture, (client) => wayRefusal(image, { client, architecture }));
}

/** The same of one client, where an assignment wants it started so: undefined where there is a way. Pure. */
export function wayRefusal(
  image: Bootable,
  starter: { readonly client: Client; readonly architecture: string },
  boot: ImageMethod = 'auto',
): ClientRefusal | undefined {
  const choice = chooseWay(image, starter, { boot, wantsArguments: false });
  return choice.kind === 'none' ? { kind: 'way', reason: choice.reason } : undefined;
}

/** `whyNot` says why a client does not boot it, if it does not. Pure. */
export function judgeEach(architecture: string, whyNot: (client: Client) => ClientRefusal | undefined): JudgedClients {
  const all = CLIENTS.filter((client) => hasClient(architecture, client));
  const refused = all.flatMap((client) => {
    const refusal = whyNot(client);
    return refusal === undefined ? [] : { client, ...refusal };
  });
  const without = new Set(refused.map(({ client }) => client));
  const clients = all.filter((client) => !without.has(client));
  // Of what is true of all, UEFI says most: a BIOS starts less.
  const reason = refused.find(({ client }) => client === 'ipxe-uefi')?.reason ?? '';
  return { clients, refused, ...(clients.length === 0 && { reason }) };
}
