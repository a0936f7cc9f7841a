/** What to do about what keeps a machine from going on up to its kernel, in the same words wherever it is seen: of a boot, or of a capture. */
export const REMEDY = {
  missing: 'put that build of iPXE into a folder in which this server looks for it (npm run ipxe, or ipxe.binaries)',
  misnamed:
    'where another server tells it what to load, correct the name there; "bootlayer plan" shows what this one says',
  ignored:
    'see that it is given an address (where dhcp.mode is proxy, by the DHCP server there) and no other boot file by another server, that UDP 69 and 4011 reach this server, and that the port of the switch forwards at once (portfast)',
  unreached:
    'iPXE runs, and does not get there: see what its screen says, and the route and firewalls between it and that address (advertise)',
  unanswered:
    'let a firewall pass UDP from this server to the machine: TFTP answers from a port of its own, not from 69 (RFC 1350, 4)',
  notStarted:
    'look at its screen: Secure Boot may refuse the program, the card may have no driver in it (try the snponly or undionly build), or it does not reach this server by HTTP',
  otherArchitecture:
    'another DHCP server tells it what to load: let that go by the architecture (option 93), or leave out the boot file there, so that this server says it',
  blocks:
    'blocks of that size need fragments or larger frames: see the MTU on the way, and that no firewall drops fragments',
  cable: 'see whether the machine was reset, and look for loss on its link: cable, duplex, and a firewall on the way',
  scriptLeft:
    'see what its screen says, and that it reaches the address of this server that the script names (advertise); "bootlayer plan" prints the script',
  notFetched:
    'see what its screen says: it may have too little memory for it, or not start what it is; "boot: kernel" has iPXE start the kernel in it instead',
  unknownFile:
    'it has the script of an earlier plan, or a proxy keeps one: reset the machine, so that it asks for its script anew',
  brokenDownload:
    'see its screen: out of memory, a reset, or loss on the way; a proxy or firewall that ends long transfers shows by the same number of bytes each time',
} as const;

/** Ethernet's 1,500 without the headers of IPv4, UDP and TFTP (RFC 2348). */
const MOST_ON_ETHERNET = 1_468;

/** `blksize`: in bytes, as it was agreed on; undefined by HTTP. */
export function abortedRemedy(blksize: number | undefined): string {
  return (blksize ?? 0) > MOST_ON_ETHERNET ? REMEDY.blocks : REMEDY.cable;
}

/** Of what UEFI HTTP Boot is told. */
export function httpRemedy(url: string): string {
  const scheme = url.startsWith('https:')
    ? 'enrol the certificate authority of this server in the firmware, and see its clock'
    : 'many firmwares allow https alone: allow http in their setup, serve https, or boot the machine by PXE';
  return `${scheme}; see that the URL is reachable from its network`;
}

export function otherServerRemedy(server: string): string {
  return `end that server ("bootlayer doctor" shows what it tells machines to load), keep it from answering this machine, or set dhcp.mode to proxy, so that ${server} gives the address and this server what to load`;
}
