import { type Bootable, CLIENTS, type Client, hasClient } from '../image/bootable.js';
import type { ImageMethod } from './boot-method.js';
import { chooseWay } from './choose-way.js';

/** A client that does not boot an image, and why. */
export type RefusedClient = { readonly client: Client; readonly reason: string };

/** Who can boot an image, of all that machines of an architecture come as. */
export type JudgedClients = {
  readonly clients: readonly Client[];
  readonly refused: readonly RefusedClient[];
  /** Why none can; undefined where one does. */
  readonly reason?: string;
};

/** Where Secure Boot is off, and an assignment wants it started so. Pure. */
export function judgeClients(image: Bootable, architecture: string, boot: ImageMethod = 'auto'): JudgedClients {
  return judgeEach(architecture, (client) => clientRefusal(image, { client, architecture }, boot));
}

/** The same of one client: undefined where it boots the image. Pure. */
export function clientRefusal(
  image: Bootable,
  starter: { readonly client: Client; readonly architecture: string },
  boot: ImageMethod = 'auto',
): string | undefined {
  const choice = chooseWay(image, starter, { boot, wantsArguments: false });
  return choice.kind === 'none' ? choice.reason : undefined;
}

/** `whyNot` says why a client does not boot it, if it does not. Pure. */
export function judgeEach(architecture: string, whyNot: (client: Client) => string | undefined): JudgedClients {
  const all = CLIENTS.filter((client) => hasClient(architecture, client));
  const refused = all.flatMap((client) => {
    const reason = whyNot(client);
    return reason === undefined ? [] : { client, reason };
  });
  const without = new Set(refused.map(({ client }) => client));
  const clients = all.filter((client) => !without.has(client));
  // Of what is true of all, UEFI says most: a BIOS starts less.
  const reason = refused.find(({ client }) => client === 'ipxe-uefi')?.reason ?? '';
  return { clients, refused, ...(clients.length === 0 && { reason }) };
}
