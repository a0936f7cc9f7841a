import { UNASKED_MILLISECONDS, UNSTARTED_MILLISECONDS } from '../boot/loader-findings.js';
import { abortedRemedy, httpRemedy, otherServerRemedy, REMEDY } from '../boot/remedies.js';
import { counted, formatBytes, formatSeconds } from '../format.js';
import { platformOfBinary } from '../ipxe/binaries.js';
import { describeNext, type NextStep } from '../pxe/behaviour.js';
import { platformOf } from '../pxe/client.js';
import { offeredBy } from '../pxe/heard-offer.js';
import { AUTOEXEC } from '../pxe/script-route.js';
import { judgeRequest } from './pcap-judge-http.js';
import { BROKEN_SECONDS, type Judged, stopped, UNANSWERED_SECONDS, unclear, well } from './pcap-judged.js';
import {
  asksToBoot,
  type ConnectionScene,
  type DhcpScene,
  type Scene,
  type Story,
  type TftpScene,
} from './pcap-story.js';
import { isProbe } from './pcap-tftp.js';

type JudgedIn = {
  /** Seconds since the first packet, of the last one of the capture. */
  readonly end: number;
  readonly hasTftpData: boolean;
  /** This server's address, where there is a configuration. */
  readonly own?: string;
};

/** As it is told of boots. */
const UNASKED_SECONDS = UNASKED_MILLISECONDS / 1_000;
const UNSTARTED_SECONDS = UNSTARTED_MILLISECONDS / 1_000;

/** By the last that it did; undefined for what does not boot. Pure. */
export function judgeStory({ scenes }: Story, seen: JudgedIn): Judged | undefined {
  const telling = scenes.filter((scene) => isTelling(scene));
  const last = telling.at(-1);
  if (last === undefined) return undefined;
  const dhcp = telling.findLast((scene) => scene.kind === 'dhcp');
  if (last.kind === 'dhcp') return judgeDhcp(last, seen);
  if (last.kind === 'tftp') return judgeTransfer(last, dhcp, seen);
  if (last.kind === 'http') return judgeRequest(last, telling, seen.end);
  return judgeConnection(last, seen);
}

/** A system that has been booted, and what is asked for in vain on purpose, tells nothing. */
function isTelling(scene: Scene): boolean {
  if (scene.kind === 'dhcp') return asksToBoot(scene);
  if (scene.kind === 'connection') return scene.state !== 'open';
  return scene.kind === 'http' || !AUTOEXEC.test(scene.file);
}

function judgeDhcp(dhcp: DhcpScene, seen: JudgedIn): Judged {
  const { offers, behaviour, taken, nak, discovers } = dhcp;
  const since = seen.end - dhcp.at;
  if (nak !== undefined) return { ...stopped('DHCP'), what: `its address is refused: ${nak}`, remedy: NAK };
  if (offers.length === 0 && taken === undefined) {
    const what = `${counted(discovers, 'DISCOVER')} in ${formatSeconds(dhcp.until - dhcp.at)}, and nobody answers`;
    return since > UNANSWERED_SECONDS || discovers > 2
      ? { ...stopped('DHCP'), what, remedy: NOBODY }
      : { ...unclear('DHCP'), what };
  }
  // The capture begins within it.
  if (behaviour === undefined)
    return { ...unclear('DHCP'), what: 'the offers that it chose from are not in the capture' };
  const other = otherServer(dhcp, seen);
  if (other !== undefined) return other;
  const { next } = behaviour;
  if (taken === undefined || next.kind === 'waits') {
    const passed = behaviour.ignored.map(({ offer, reason }) => `${offeredBy(offer)}: ${reason}`);
    const what = [next.kind === 'waits' ? describeNext(next) : 'it takes none of its offers', ...passed].join('; ');
    return {
      ...stopped('DHCP'),
      finding: 'answer-ignored',
      what,
      remedy: next.kind === 'waits' ? UNTOLD : REMEDY.ignored,
    };
  }
  return dhcp.isGiven ? judgeNext(dhcp, next, seen) : unacknowledged(dhcp, since);
}

function unacknowledged({ taken }: DhcpScene, since: number): Judged {
  const what = `it takes the offer of ${taken}, which does not acknowledge it`;
  return { ...(since > UNANSWERED_SECONDS ? stopped('DHCP') : unclear('DHCP')), what, remedy: UNACKNOWLEDGED };
}

/** It has its address. */
function judgeNext(dhcp: DhcpScene, next: NextStep, seen: JudgedIn): Judged {
  if (next.kind === 'leaves') return { ...stopped('DHCP'), what: describeNext(next), remedy: UNTOLD };
  if (next.kind === 'asks' || next.kind === 'menu') {
    const asked = judgeBootServer(dhcp, next.server ?? 'a boot server', seen);
    if (asked !== undefined) return asked;
  }
  const what = `${describeNext(next)}, and nothing of that follows within ${formatSeconds(seen.end - dhcp.until)}`;
  if (seen.end - dhcp.until < UNASKED_SECONDS) return { ...unclear('DHCP'), what };
  if (next.kind === 'fetches')
    return { ...stopped('DHCP'), finding: 'http-boot-refused', what, remedy: httpRemedy(next.url) };
  const remedy = dhcp.client.kind === 'ipxe' ? REMEDY.unreached : REMEDY.ignored;
  return { ...stopped('DHCP'), finding: 'answer-ignored', what, remedy };
}

const NAK = 'two servers may give addresses there, or one does not know of the network: let one of them give addresses';
const NOBODY =
  'see that a DHCP server runs and is reached from there (relay, VLAN), and that this server answers it: "bootlayer plan" says what, and doctor whether it can';
const UNTOLD =
  'set dhcp.mode to proxy or server, assign it an image, or have the DHCP server there name this host and the file of iPXE; "bootlayer plan" says what this server tells it';
const UNACKNOWLEDGED = 'see the log of that server: it has given the address to another, or does not hear the REQUEST';
const BOOT_SERVER = 'let a firewall pass UDP 4011 to that server, and see that it listens there';

/** Both give addresses, and it took the other's. */
function otherServer({ offers, taken }: DhcpScene, { own }: JudgedIn): Judged | undefined {
  const isOffered = offers.some(
    ({ server, address, file }) => server === own && address !== undefined && file !== undefined,
  );
  const other = offers.find(({ server }) => server === taken);
  if (own === undefined || !isOffered || taken === undefined || taken === own || other?.file === undefined)
    return undefined;
  const what = `it takes the offer of the DHCP server ${taken}, not that of this one`;
  return { ...stopped('DHCP'), finding: 'other-server-won', what, remedy: otherServerRemedy(taken) };
}

/** undefined where it was told what to load. */
function judgeBootServer({ bootServer, until }: DhcpScene, server: string, { end }: JudgedIn): Judged | undefined {
  if (bootServer?.answer?.file !== undefined) return undefined;
  const isLate = end - until > UNANSWERED_SECONDS;
  const state = isLate ? stopped('DHCP') : unclear('DHCP');
  if (bootServer === undefined)
    return {
      ...state,
      finding: 'answer-ignored',
      what: `it is to ask port 4011 of ${server}, and does not`,
      remedy: REMEDY.ignored,
    };
  const what = `port 4011 of ${bootServer.server} ${bootServer.answer === undefined ? 'does not answer' : 'names no file'}`;
  return { ...state, what, remedy: BOOT_SERVER };
}

function judgeTransfer(transfer: TftpScene, dhcp: DhcpScene | undefined, { end, hasTftpData }: JudgedIn): Judged {
  const { file, server, error, bytes, unreachable, isWhole, isAgreed, until, blksize } = transfer;
  const isOver = end - until > BROKEN_SECONDS;
  if (unreachable !== undefined)
    return { ...stopped('TFTP'), what: `nobody answers TFTP at ${server}: ${unreachable} says so`, remedy: NO_TFTP };
  if (error?.by === 'server') {
    const remedy = error.code === 1 && platformOfBinary(file) !== undefined ? REMEDY.missing : REMEDY.misnamed;
    return { ...stopped('TFTP'), finding: 'file-refused', what: `${server} refuses ${file}: ${error.message}`, remedy };
  }
  if (isProbe(transfer)) {
    const what = `it asked ${server} for the size of ${file}, and not for the file`;
    return { ...(isOver ? stopped('TFTP') : unclear('TFTP')), what, remedy: REMEDY.cable };
  }
  if (error !== undefined) {
    const what = `it ends ${file} after ${formatBytes(bytes)}: ${error.message}`;
    return { ...stopped('TFTP'), finding: 'loader-aborted', what, remedy: abortedRemedy(blksize) };
  }
  if (isWhole) return judgeLoader(transfer, dhcp, end);
  if (bytes === 0 && !isAgreed) return judgeUnanswered(transfer, hasTftpData, end);
  if (!isOver)
    return { ...unclear('TFTP'), what: `the capture ends while ${file} is sent: ${formatBytes(bytes)} by then` };
  const what = `${file} breaks off after ${formatBytes(bytes)} in blocks of ${blksize} bytes`;
  return {
    ...stopped('TFTP'),
    finding: bytes === 0 ? 'loader-unanswered' : 'loader-aborted',
    what,
    remedy: bytes === 0 ? REMEDY.unanswered : abortedRemedy(blksize),
  };
}

const NO_TFTP =
  'see that TFTP is on there (tftp.enabled), listens at that address, and that no firewall refuses UDP 69';

function judgeUnanswered({ file, server, until, step }: TftpScene, hasTftpData: boolean, end: number): Judged {
  if (!hasTftpData) {
    const what = `it asked ${server} for ${file} by TFTP; what became of that is not in the capture`;
    return {
      ...unclear('TFTP'),
      what,
      remedy: 'capture all of UDP: TFTP answers from a port of its own (RFC 1350, 4)',
    };
  }
  const what = `${server} does not answer ${counted(step.times, 'request')} for ${file}`;
  const state = end - until > UNANSWERED_SECONDS || step.times > 2 ? stopped('TFTP') : unclear('TFTP');
  return { ...state, what, remedy: `${NO_TFTP}; and ${REMEDY.unanswered}` };
}

function judgeLoader({ file, until }: TftpScene, dhcp: DhcpScene | undefined, end: number): Judged {
  const [has, wants] = [platformOfBinary(file), dhcp && platformOf(dhcp.client)];
  if (has !== undefined && wants !== undefined && has !== wants) {
    const what = `it loaded ${file}, which is for ${has}, and its firmware is ${wants}`;
    return { ...stopped('TFTP'), finding: 'loader-of-other-architecture', what, remedy: REMEDY.otherArchitecture };
  }
  const what = `it has all of ${file}, and nothing follows within ${formatSeconds(end - until)}`;
  if (end - until < UNSTARTED_SECONDS) return { ...unclear('TFTP'), what };
  return { ...stopped('TFTP'), finding: 'loader-not-started', what, remedy: REMEDY.notStarted };
}

function judgeConnection({ server, state, until }: ConnectionScene, { end }: JudgedIn): Judged {
  if (state === 'tls')
    return { ...well('HTTP'), what: `it speaks TLS with ${server}: what it asks there cannot be seen` };
  const what = state === 'refused' ? `${server} refuses its connection` : `${server} does not answer its connection`;
  const judged = state === 'refused' || end - until > UNANSWERED_SECONDS ? stopped('HTTP') : unclear('HTTP');
  return { ...judged, finding: 'answer-ignored', what, remedy: REMEDY.unreached };
}
