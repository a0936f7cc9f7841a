/** A socket that systemd holds for a service, which it starts when something comes. */
export type SocketUnit = {
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  /** `bootlayer-tftp.socket` */
  readonly unit: string;
  /** `bootlayer.service`; missing where systemd names none. */
  readonly service?: string;
};

/** Those of IP addresses, of what `systemctl list-sockets --show-types --no-legend --plain` prints (systemctl(1)). Pure. */
export function parseSocketUnits(text: string): readonly SocketUnit[] {
  return text.split('\n').flatMap((line) => {
    const [, port, type, unit, service] =
      /^\S*:(\d{1,5})\s+(Stream|Datagram)\s+(\S+)(?:\s+(\S+))?\s*$/.exec(line) ?? [];
    if (unit === undefined) return [];
    const transport = type === 'Stream' ? 'tcp' : 'udp';
    const named = service === undefined || service === '-' ? {} : { service };
    return [{ transport, port: Number(port), unit, ...named } as const];
  });
}
