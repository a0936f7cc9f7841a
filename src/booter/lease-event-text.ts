import { formatDuration } from '../format.js';
import type { LeaseEvent } from '../lease/event.js';

/** In a sentence, which may hold what others wrote. */
export function describeLease(event: LeaseEvent): string {
  switch (event.event) {
    case 'lease.given':
      return `${event.machine} ${event.isExtended ? 'keeps' : 'has'} ${event.address} for ${formatDuration(event.seconds * 1_000)}`;
    case 'lease.elsewhere':
      return `${event.machine} has ${event.address}, and not the ${event.reserved} of its record: ${event.reason}`;
    case 'lease.none':
      return `${event.machine} asks for an address${event.relay === undefined ? '' : ` over the relay ${event.relay}`}, and is offered none: ${event.reason}`;
    case 'lease.refused':
      return `${event.machine} is refused ${event.address}: ${event.reason}`;
    case 'lease.released':
      return `${event.machine} gives ${event.address} back`;
    case 'lease.freed':
      return `${event.address} is freed by an operator: ${describeFreed(event)}`;
    case 'lease.declined':
      return `${event.machine} says that somebody else has ${event.address}: nobody is given it for ${formatDuration(event.seconds * 1_000)}`;
    case 'lease.conflict':
      return `somebody who has no lease${event.mac === undefined ? '' : ` (${event.mac})`} answers at ${event.address}: nobody is given it for ${formatDuration(event.seconds * 1_000)}; if it is to stay there, leave ${event.address} out of the ranges of dhcp.subnets, or make it the ip of its machine`;
    case 'lease.unsaved':
      return `${describeUnsaved(event)}: ${event.reason}`;
    case 'pool.exhausted':
      return `${event.subnet} has no address left ${event.whom === 'all' ? `of ${event.size}` : `for machines without a record: the rest of ${event.size} is for those with one`}; make its range in dhcp.subnets longer, or its lease shorter`;
    case 'pool.regained':
      return `${event.subnet} has addresses again`;
    case 'dhcp.other':
      return `another DHCP server gives addresses on ${event.interface}: ${[event.server, event.mac].filter(Boolean).join(', ')} (${event.by}); end it, or see that its ranges are not those of dhcp.subnets`;
  }
}

/** What became of whoever had it; it may use it still, when it was bound. */
function describeFreed({ machine, state }: Extract<LeaseEvent, { readonly event: 'lease.freed' }>): string {
  switch (state) {
    case 'bound':
      return `${machine ?? 'somebody'} had it, and is not told`;
    case 'offered':
      return `${machine ?? 'somebody'} was offered it`;
    case 'expired':
    case 'released':
      return `${machine ?? 'somebody'} had it last`;
    case 'declined':
      return `${machine ?? 'somebody'} had declined it`;
    case 'conflict':
      return 'somebody without a lease answered there';
  }
}

function describeUnsaved({
  machine,
  address,
  state,
}: Extract<LeaseEvent, { readonly event: 'lease.unsaved' }>): string {
  switch (state) {
    case 'bound':
      return `that ${machine} has ${address} could not be kept, so that it is not told`;
    case 'released':
      return `that ${machine} gives ${address} back could not be kept, so that it has it again when this server starts anew`;
    case 'conflict':
      return `that nobody is to have ${address} for now could not be kept, so that it is given again when this server starts anew`;
    case 'declined':
      return `that somebody else has ${address}, as ${machine} says, could not be kept, so that it is given again when this server starts anew`;
  }
}
