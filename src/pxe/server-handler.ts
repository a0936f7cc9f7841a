import type { Booter } from '../booter/booter.js';
import type { Leases } from '../booter/leases.js';
import { PORT } from '../dhcp/ports.js';
import { type ReplyDestination, relayOf } from '../dhcp/reply-destination.js';
import type { LeaseAnswer } from '../lease/question.js';
import type { DatagramPort, Peer } from '../net/datagram.js';
import { factsOf } from './client.js';
import { type Asking, readAsking, serverDoor, serverExchange } from './dhcp-server.js';
import type { Door } from './door.js';
import type { Exchange } from './exchange.js';
import { HeardServers } from './heard-servers.js';
import { LateAnswers } from './late-answers.js';
import type { BootParts } from './proxy-dhcp.js';

type Parts = {
  readonly booter: Pick<Booter, 'dhcp' | 'reportFault'>;
  readonly leases: Pick<Leases, 'answer'>;
  /** Our addresses at all interfaces that are served. */
  readonly served: readonly string[];
  readonly parts: BootParts;
  /** Milliseconds that only go forward. */
  readonly ticks: () => number;
};

/** `send`: now, or together with others; `began`: the ticks when its request was taken up. */
export type Finish = (
  exchange: Exchange,
  from: Peer,
  how: { readonly send: DatagramPort['send']; readonly began: number },
) => void;

type Ends = {
  readonly finish: Finish;
  /** Why nothing is to be sent there. */
  readonly whyNot: (to: ReplyDestination, from: Peer) => string | undefined;
};

/** Wait at most for their addresses to be tried or durable: when the disk is stuck, who asks is to ask again. */
const MOST_WAITING = 10_000;
const TOO_MANY = 'too many wait for their addresses';

/** What is done with what comes in at DHCP's port, where we give addresses. */
export function serverHandler({ booter, leases, served, parts, ticks }: Parts) {
  const fault = (thrown: unknown) => booter.reportFault('answering DHCP', thrown);
  const late = new LateAnswers(fault);
  const others = new HeardServers();
  const ours = new Set(served);
  let waiting = 0;

  return (port: Pick<DatagramPort, 'send'>, at: Door, { finish, whyNot }: Ends) => {
    const door = serverDoor(at, served);
    ours.add(door.address);
    const now: DatagramPort['send'] = (bytes, to) => port.send(bytes, to);
    const afterwards: DatagramPort['send'] = (bytes, to) => late.send({ port, bytes, to });
    const answered = (asking: Asking, answer: LeaseAnswer, how: Parameters<Finish>[2]) =>
      finish(serverExchange(asking, answer, door, parts), asking.from, how);

    const whyNotOver = ({ request }: Asking, from: Peer) => {
      const relay = relayOf(request);
      return relay && whyNot({ kind: 'relay', address: relay, port: PORT.server }, from);
    };

    const give = (asking: Asking, began: number) => {
      const answer = leases.answer(asking.ask);
      if (!(answer instanceof Promise)) {
        answered(asking, answer, { send: now, began });
        return;
      }
      waiting += 1;
      answer
        .then((known) => answered(asking, known, { send: afterwards, began }))
        .catch(fault)
        .finally(() => {
          waiting -= 1;
        });
    };

    return (bytes: Buffer, from: Peer, began: number) => {
      const asking = readAsking(bytes, from, door);
      if (asking.kind !== 'asking') {
        if (asking.kind === 'ignored' && asking.other !== undefined) heard(asking.other, door, 'its answer was heard');
        finish(asking, from, { send: now, began });
        return;
      }
      if (asking.other !== undefined) {
        heard(asking.other, door, 'a machine takes its offer');
        tookOther(asking, asking.other);
      }
      // Before anything is given that nobody is to be told.
      const reason = whyNotOver(asking, from) ?? (waiting >= MOST_WAITING ? TOO_MANY : undefined);
      if (reason === undefined) give(asking, began);
      else finish({ kind: 'ignored', reason }, from, { send: now, began });
    };
  };

  /** Whoever does not boot may have its address from wherever it likes. */
  function tookOther({ ask, client, from, request }: Asking, server: string): void {
    if (client.kind === 'other') return;
    const facts = factsOf(client, request, relayOf(request) ?? from.address);
    const taken = ask.kind === 'select' ? { taken: ask.address } : {};
    booter.dhcp.tookOther(parts.invite(facts), client.mac, { server, ...taken });
  }

  function heard(server: string, { name }: Door, by: string): void {
    if (!ours.has(server) && others.note(server, ticks())) booter.dhcp.heardOther(server, name, by);
  }
}
