import type { ProvisionEvent } from '../boot/provision-event.js';
import { formatBytes } from '../format.js';

export function describeProvision(event: ProvisionEvent): string {
  switch (event.event) {
    case 'provision.sent':
      return `${event.machine} has ${event.document} of its configuration (${formatBytes(event.bytes)})`;
    case 'provision.refused':
      return `${event.address} is not handed ${event.document}${event.machine === undefined ? '' : ` of ${event.machine}`}: ${event.reason}`;
    case 'provision.flooded':
      return `${event.address} asks for configurations again and again by what nobody was given: it is told to wait`;
  }
}
