/** What is used of a package without types (tftp2 0.0.1). */
declare module 'tftp2' {
  import type { RemoteInfo, Socket } from 'node:dgram';

  const Packet: {
    /** RFC 1350, 5. */
    readonly OPCODE: {
      readonly RRQ: number;
      readonly WRQ: number;
      readonly DATA: number;
      readonly ACK: number;
      readonly ERROR: number;
    };
    /** Up to 512 bytes of data. */
    createData(block: number, data: Uint8Array): Buffer;
  };

  /** An IPv4 socket; its constructor binds `handleMessage`, which may be overridden. */
  class Server extends Socket {
    handleMessage(message: Buffer, remote: RemoteInfo): unknown;
  }

  const tftp2: { readonly Packet: typeof Packet; readonly Server: typeof Server };
  export = tftp2;
}
