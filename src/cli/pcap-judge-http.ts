import { formatBytes, formatSeconds } from '../format.js';
import type { Judged } from './pcap-judge.js';
import type { Request, Scene } from './pcap-story.js';

const UNANSWERED_SECONDS = 8;
const BROKEN_SECONDS = 10;
/** iPXE asks for the kernel as soon as it has the script. */
const NO_KERNEL_SECONDS = 30;

const FAILED = { state: 'fail', step: 'HTTP' } as const;
const UNCLEAR = { state: 'warn', step: 'HTTP' } as const;
const WELL = { state: 'ok', step: 'HTTP' } as const;

const SILENT = 'see the log of that server, and that nothing on the way holds up large packets (MTU)';
const UNKNOWN =
  'it has the script of an earlier plan, or a proxy keeps one: reset the machine, so that it asks for its script anew';
const NOT_THERE = 'correct the URL that it is told; "bootlayer plan" shows what this server says';
const REDIRECTED = 'UEFI HTTP Boot follows no redirect: name the place that it leads to';
const SCRIPT =
  'see what its screen says, and that it reaches the address of this server that the script names (advertise); "bootlayer plan" prints the script';
const FETCH =
  'see what its screen says: it may have too little memory for it, or not start what it is; "boot: kernel" has iPXE start the kernel in it instead';
const BROKEN =
  'see whether the machine was reset, and look for loss on its link: cable, duplex, and a firewall on the way';

/** By the last that a machine asks by HTTP. `scenes`: with those before it; `end`: of the capture, in seconds. Pure. */
export function judgeRequest(request: Request, scenes: readonly Scene[], end: number): Judged {
  const { server, target, method, status, size = 0, received, until, agent } = request;
  const asked = `${method} ${target} of ${server}`;
  const quiet = end - until;
  if (status === undefined) {
    const what = `${asked} is not answered`;
    return quiet > UNANSWERED_SECONDS ? { ...FAILED, what, remedy: SILENT } : { ...UNCLEAR, what };
  }
  const isFirmware = agent.startsWith('UefiHttpBoot');
  if (status >= 300 && status < 400 && isFirmware)
    return {
      ...FAILED,
      finding: 'http-boot-refused',
      what: `${asked} is answered by a redirect (${status})`,
      remedy: REDIRECTED,
    };
  if (status >= 400) return refused(request, asked);
  if (method === 'HEAD' && isFirmware) {
    const what = `it asked for the size of ${target}, and nothing follows within ${formatSeconds(quiet)}`;
    return quiet > NO_KERNEL_SECONDS
      ? { ...FAILED, finding: 'script-without-kernel', what, remedy: FETCH }
      : { ...UNCLEAR, what };
  }
  if (method !== 'HEAD' && received < size) {
    const what = `${asked} breaks off after ${formatBytes(Math.max(0, received))} of ${formatBytes(size)}`;
    return quiet > BROKEN_SECONDS
      ? { ...FAILED, finding: 'download-aborted', what, remedy: BROKEN }
      : { ...UNCLEAR, what: `the capture ends while ${target} is sent` };
  }
  return isScript(target) ? afterScript(request, quiet) : { ...WELL, what: wholeOf(request, scenes) };
}

function refused({ target, status }: Request, asked: string): Judged {
  const what = `${asked} is refused (${status})`;
  if (status === 404 && /^\/+blobs\//.test(target))
    return { ...FAILED, finding: 'file-unknown', what, remedy: UNKNOWN };
  if (/^\/+provision\//.test(target))
    return {
      ...FAILED,
      finding: 'configuration-refused',
      what,
      remedy: 'see the log of the server (provision.refused)',
    };
  if (/\/uefi\//.test(target))
    return { ...FAILED, finding: 'file-refused', what, remedy: `${NOT_THERE}, and why it refuses` };
  return { ...FAILED, finding: 'file-refused', what, remedy: NOT_THERE };
}

function isScript(target: string): boolean {
  return /^\/+(?:ipxe\/)?boot(?:\.ipxe|\/script)(?:\?|$)/.test(target) || /\.ipxe(?:\?|$)/.test(target);
}

function afterScript({ target }: Request, quiet: number): Judged {
  const what = `it has the script ${target.split('?')[0] ?? ''}, and asks for nothing within ${formatSeconds(quiet)}`;
  if (quiet < NO_KERNEL_SECONDS) return { ...UNCLEAR, what };
  return { ...FAILED, finding: 'script-without-kernel', what, remedy: SCRIPT };
}

function wholeOf({ target }: Request, scenes: readonly Scene[]): string {
  const files = scenes.filter(
    (scene) => scene.kind === 'http' && (scene.status ?? 0) < 300 && scene.method !== 'HEAD',
  ).length;
  return `it was sent all that it asked for by HTTP (${files === 1 ? target : `${files} files, the last one ${target}`}); nothing in the capture keeps it from booting`;
}
