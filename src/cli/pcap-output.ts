import { FINDINGS } from '../boot/finding.js';
import { counted } from '../format.js';
import { emphasize, inOneLine, type Output, writeLine } from './output.js';
import type { JudgedMachine } from './pcap-judged.js';
import type { Replay } from './pcap-replay.js';
import type { Step } from './pcap-steps.js';

const STYLES = { fail: 'red', warn: 'yellow', ok: 'green' } as const;
const TIME_WIDTH = 12;

/** `   4.031 s  52:54:00:12:34:56  DISCOVER, x64 UEFI by PXE`, and below it what follows. */
export function writeStep(output: Output, { at, who, what, times, until, notes, own }: Step, width: number): void {
  const repeated = times === 1 ? '' : ` (${times} times, until ${until.toFixed(3)} s)`;
  const time = `${at.toFixed(3)} s`.padStart(TIME_WIDTH);
  writeLine(output, `${time}  ${who.padEnd(width)}  ${inOneLine(what)}${repeated}`);
  const below = [...notes, ...(own === undefined ? [] : [`this server ${own}`])];
  for (const text of below)
    writeLine(output, `${' '.repeat(TIME_WIDTH + width + 4)}${emphasize(output, 'dim', `- ${inOneLine(text)}`)}`);
}

/** How far a machine came; for a person the remedy stands below, in a pipe behind it. */
export function writeJudged(output: Output, { who, client, judged }: JudgedMachine): void {
  const { state, step, finding, what, remedy } = judged;
  const name = finding === undefined ? '' : `${finding}: ${FINDINGS[finding]}: `;
  const where = state === 'ok' ? step : `${state === 'fail' ? 'stops at' : 'last seen at'} ${step}`;
  const text = inOneLine(`${who}${client === undefined ? '' : ` (${client})`}, ${where}: ${name}${what}`);
  if (!output.terminal) {
    writeLine(output, `${state}: ${text}${remedy === undefined ? '' : `; ${inOneLine(remedy)}`}`);
    return;
  }
  writeLine(output, `${emphasize(output, STYLES[state], state.padEnd(4))}  ${text}`);
  if (remedy !== undefined) writeLine(output, `      ${emphasize(output, 'bold', inOneLine(remedy))}`);
}

type Circumstances = { readonly cut: string | undefined; readonly hasConfig: boolean; readonly hasMachines: boolean };

/** What is to be known of the capture, and of what is not told of it. */
export function describeRemarks(replay: Replay, { cut, hasConfig, hasMachines }: Circumstances): readonly string[] {
  const { passed, log, stories } = replay;
  const packets = (why: string) => counted(passed.get(why) ?? 0, 'packet');
  const when = (why: string, text: string) => ((passed.get(why) ?? 0) > 0 ? [text] : []);
  return [
    ...(hasConfig ? [] : ['there is no configuration: what this server would answer is left out (-c FILE)']),
    ...(cut === undefined ? [] : [cut]),
    ...(hasMachines ? [] : ['nothing of booting is in the capture: no DHCP of firmware or iPXE, no TFTP, no HTTP']),
    ...when('link', `${packets('link')} of a kind of link that is not known: capture on Ethernet, or with -i any`),
    ...when('ip6', `${packets('ip6')} by IPv6, which is not looked at`),
    ...when('piece', `${packets('piece')} whose fragments are not all there`),
    ...when('malformed', `${packets('malformed')} at the ports of DHCP that are none of it, or cut off (tcpdump -s 0)`),
    ...(log.left > 0 ? [`${counted(log.left, 'more line')} left out`] : []),
    ...(stories.isFull ? ['there are more machines than are told of'] : []),
  ];
}
