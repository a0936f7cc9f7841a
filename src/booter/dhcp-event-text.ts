import type { BootEvent, DhcpQuestion } from '../boot/event.js';
import { formatSeconds } from '../format.js';

type DhcpEvent = Extract<
  BootEvent,
  {
    readonly event:
      | 'dhcp.answered'
      | 'dhcp.unanswered'
      | 'dhcp.dropped'
      | 'dhcp.elsewhere'
      | 'relay.refused'
      | 'loader.repeated';
  }
>;

/** In a sentence, which may hold what others wrote. */
export function describeDhcp(event: DhcpEvent): string {
  switch (event.event) {
    case 'dhcp.answered':
      return `${asks(event)}: told to load ${event.answer}${byAssignment(event)}`;
    case 'dhcp.unanswered':
      return `${asks(event)}: told nothing, since ${event.reason}`;
    case 'dhcp.dropped':
      return `a datagram from ${event.address} is dropped: ${event.reason}`;
    case 'dhcp.elsewhere':
      return `${event.machine} takes ${event.taken ?? 'its address'}, and what to load, from the DHCP server ${event.server}`;
    case 'relay.refused':
      return `what ${event.mac} asks over the relay ${event.relay} shows nobody who it is: ${event.reason}`;
    case 'loader.repeated':
      return `${event.machine} was told to load ${event.loader} ${event.times} times in ${formatSeconds(event.seconds)}, and never asked for a script: does it reach this server by TFTP and HTTP, and does its Secure Boot allow that program?`;
  }
}

function asks(question: DhcpQuestion): string {
  const { machine, mac, client, step } = question;
  const who = mac === undefined || mac === machine ? machine : `${machine} (${mac})`;
  return `${who}, ${client},${over(question)} asks how to boot${step === 'ack' ? ' at port 4011' : ''}`;
}

/** ` over the relay 10.1.0.1 (circuit "ge-0/0/1", remote "sw-7")`: in quotes, since the relay may say anything. */
function over({ relay, circuitId, remoteId }: DhcpQuestion): string {
  if (relay === undefined) return '';
  const circuit = circuitId === undefined ? [] : [`circuit ${JSON.stringify(circuitId)}`];
  const remote = remoteId === undefined ? [] : [`remote ${JSON.stringify(remoteId)}`];
  const place = [...circuit, ...remote].join(', ');
  return ` over the relay ${relay}${place === '' ? '' : ` (${place})`}`;
}

function byAssignment({ assignment }: { readonly assignment?: string }): string {
  return assignment === undefined ? '; what it reports then decides' : ` (assignment ${assignment})`;
}
