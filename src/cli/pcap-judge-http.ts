import { REMEDY } from '../boot/remedies.js';
import { NO_KERNEL_MILLISECONDS } from '../boot/start-findings.js';
import { parseBootPath } from '../booter/boot-path.js';
import { formatBytes, formatSeconds } from '../format.js';
import { BROKEN_SECONDS, type Judged, stopped, UNANSWERED_SECONDS, unclear, well } from './pcap-judged.js';
import type { HttpScene, Scene } from './pcap-story.js';

/** As it is told of boots. */
const NO_KERNEL_SECONDS = NO_KERNEL_MILLISECONDS / 1_000;

const FAILED = stopped('HTTP');
const UNCLEAR = unclear('HTTP');

const SILENT = 'see the log of that server, and that nothing on the way holds up large packets (MTU)';
const NOT_THERE = 'correct the URL that it is told; "bootlayer plan" shows what this server says';
const REDIRECTED = 'UEFI HTTP Boot follows no redirect: name the place that it leads to';

/** By the last that a machine asks by HTTP. `scenes`: with those before it; `end`: of the capture, in seconds. Pure. */
export function judgeRequest(request: HttpScene, scenes: readonly Scene[], end: number): Judged {
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
      ? { ...FAILED, finding: 'script-without-kernel', what, remedy: REMEDY.notFetched }
      : { ...UNCLEAR, what };
  }
  if (method !== 'HEAD' && received < size) {
    const what = `${asked} breaks off after ${formatBytes(Math.max(0, received))} of ${formatBytes(size)}`;
    return quiet > BROKEN_SECONDS
      ? { ...FAILED, finding: 'download-aborted', what, remedy: REMEDY.brokenDownload }
      : { ...UNCLEAR, what: `the capture ends while ${target} is sent` };
  }
  return isScript(target) ? afterScript(request, quiet) : { ...well('HTTP'), what: wholeOf(request, scenes) };
}

function refused({ target, status }: HttpScene, asked: string): Judged {
  const what = `${asked} is refused (${status})`;
  const { kind } = parseBootPath(target);
  if (status === 404 && kind === 'blob')
    return { ...FAILED, finding: 'file-unknown', what, remedy: REMEDY.unknownFile };
  if (kind === 'provision')
    return {
      ...FAILED,
      finding: 'configuration-refused',
      what,
      remedy: 'see the log of the server (provision.refused)',
    };
  const remedy = kind === 'firmware' ? `${NOT_THERE}, and why it refuses` : NOT_THERE;
  return { ...FAILED, finding: 'file-refused', what, remedy };
}

/** Ours, or another's. */
function isScript(target: string): boolean {
  const path = parseBootPath(target);
  return path.kind === 'greeting' || path.kind === 'script' || (path.kind === 'file' && path.path.endsWith('.ipxe'));
}

function afterScript({ target }: HttpScene, quiet: number): Judged {
  const what = `it has the script ${target.split('?')[0] ?? ''}, and asks for nothing within ${formatSeconds(quiet)}`;
  if (quiet < NO_KERNEL_SECONDS) return { ...UNCLEAR, what };
  return { ...FAILED, finding: 'script-without-kernel', what, remedy: REMEDY.scriptLeft };
}

function wholeOf({ target }: HttpScene, scenes: readonly Scene[]): string {
  const files = scenes.filter(
    (scene) => scene.kind === 'http' && (scene.status ?? 0) < 300 && scene.method !== 'HEAD',
  ).length;
  return `it was sent all that it asked for by HTTP (${files === 1 ? target : `${files} files, the last one ${target}`}); nothing in the capture keeps it from booting`;
}
