/** What is used of a package without types (dhcp 0.2.20). */
declare module 'dhcp/lib/protocol.js' {
  /** RFC 2131, 2, and what it makes of the options, which are read and written by it in tests alone. */
  type Message = {
    readonly op: number;
    readonly htype: number;
    readonly hlen: number;
    readonly hops: number;
    readonly xid: number;
    readonly secs: number;
    readonly flags: number;
    readonly ciaddr: string;
    readonly yiaddr: string;
    readonly siaddr: string;
    readonly giaddr: string;
    /** Six bytes, `52-54-00-12-34-56`. */
    readonly chaddr: string;
    readonly sname: string;
    readonly file: string;
    readonly options: Readonly<Record<number, unknown>>;
  };

  const protocol: {
    /** Throws at what is shorter than a header, or not of Ethernet, and prints options it does not know. */
    parse(bytes: Buffer): Message;
    /** Its bytes, up to `_w` of the 1500 that it has at least. */
    format(message: Message): { readonly _data: Buffer; readonly _w: number };
  };
  export = protocol;
}
