/** Options that a boot server meets (RFC 2132, unless another source is named). */
export const OPTION = {
  subnetMask: 1,
  routers: 3,
  dnsServers: 6,
  logServers: 7,
  hostName: 12,
  /** In units of 512 bytes; EDK2 takes it as the file's size and does not ask for that. */
  bootFileSize: 13,
  domainName: 15,
  rootPath: 17,
  mtu: 26,
  broadcastAddress: 28,
  ntpServers: 42,
  /** What is in it depends on the vendor class; of PXEClient, PXE 2.1, tables 2-1 and 2-3. */
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  /** 1: `file` holds options, 2: `sname` does, 3: both. */
  overload: 52,
  messageType: 53,
  serverId: 54,
  parameterRequestList: 55,
  message: 56,
  /** With the headers of IP and UDP. */
  maxMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientId: 61,
  tftpServerName: 66,
  bootFileName: 67,
  /** RFC 3004, but by iPXE. */
  userClass: 77,
  /** RFC 3046. */
  relayAgent: 82,
  /** RFC 4578, 2.1, with the numbers of IANA's "Processor Architecture Types". */
  clientArchitecture: 93,
  /** RFC 4578, 2.2. */
  clientInterface: 94,
  /** RFC 4578, 2.3. */
  clientUuid: 97,
  /** RFC 3011. */
  subnetSelection: 118,
  /** RFC 3397. */
  domainSearch: 119,
  /** RFC 3442; who gets it ignores `routers`. */
  classlessRoutes: 121,
  /** RFC 5859. */
  tftpServerAddresses: 150,
  /** iPXE's own, nested (iPXE, include/ipxe/dhcp.h). */
  ipxe: 175,
} as const;

/** In option 175: what an iPXE can do (iPXE: src/include/ipxe/features.h), and is told (src/include/ipxe/dhcp.h). */
export const IPXE_OPTION = { http: 0x13, https: 0x14, noPxeDhcp: 0xb0 } as const;

/** Values of option 53 (RFC 2132, 9.6). */
export const MESSAGE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;
