import type { Booter } from '../booter/booter.js';
import type { Leases } from '../booter/leases.js';
import type { LeaseAnswer } from '../lease/question.js';
import type { DatagramHandler, DatagramPort, Peer } from '../net/datagram.js';
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

type Finish = (exchange: Exchange, from: Peer, send: DatagramPort['send']) => void;

/** Wait at most for their addresses to be tried or durable: when the disk is stuck, who asks is to ask again. */
const MOST_WAITING = 10_000;

/** What is done with what comes in at DHCP's port, where we give addresses. */
export function serverHandler({ booter, leases, served, parts, ticks }: Parts) {
  const fault = (thrown: unknown) => booter.reportFault('answering DHCP', thrown);
  const late = new LateAnswers(fault);
  const others = new HeardServers();
  const ours = new Set(served);
  let waiting = 0;

  return (port: Pick<DatagramPort, 'send'>, at: Door, finish: Finish): DatagramHandler => {
    const door = serverDoor(at, served);
    ours.add(door.address);
    const now: DatagramPort['send'] = (bytes, to) => port.send(bytes, to);
    const afterwards: DatagramPort['send'] = (bytes, to) => late.send({ port, bytes, to });
    const answered = (asking: Asking, answer: LeaseAnswer, send: DatagramPort['send']) =>
      finish(serverExchange(asking, answer, door, parts), asking.from, send);

    return (bytes, from) => {
      const asking = readAsking(bytes, from, door);
      if (asking.kind !== 'asking') {
        if (asking.kind === 'ignored' && asking.other !== undefined) heard(asking.other, door, 'its answer was heard');
        finish(asking, from, now);
        return;
      }
      if (asking.other !== undefined) heard(asking.other, door, 'a machine takes its offer');
      if (waiting >= MOST_WAITING) {
        finish({ kind: 'ignored', reason: 'too many wait for their addresses' }, from, now);
        return;
      }
      const answer = leases.answer(asking.ask);
      if (!(answer instanceof Promise)) {
        answered(asking, answer, now);
        return;
      }
      waiting += 1;
      answer
        .then((known) => answered(asking, known, afterwards))
        .catch(fault)
        .finally(() => {
          waiting -= 1;
        });
    };
  };

  function heard(server: string, { name }: Door, by: string): void {
    if (!ours.has(server) && others.isNews(server, ticks())) booter.dhcp.heardOther(server, name, by);
  }
}
