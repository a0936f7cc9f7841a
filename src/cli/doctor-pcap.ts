import { counted } from '../format.js';
import { type CommonOptions, readConfigIfThere } from './common.js';
import { emphasize, type Output, standardOutput, writeJson, writeLine } from './output.js';
import { readCapture } from './pcap-file.js';
import { judgeStory } from './pcap-judge.js';
import type { Judged, JudgedMachine } from './pcap-judged.js';
import { describeRemarks, writeJudged, writeStep } from './pcap-output.js';
import { OwnServer } from './pcap-own.js';
import { Replay } from './pcap-replay.js';
import type { Step } from './pcap-steps.js';

type PcapOptions = CommonOptions & { readonly strict?: true; readonly json?: true };

/** Replays a capture: what was said, what this server would say, and where each machine stopped. */
export async function replayCapture(file: string, options: PcapOptions): Promise<void> {
  const output = standardOutput();
  const config = await readConfigIfThere(options);
  const own = config && (await OwnServer.of(config));
  const replay = new Replay({
    own: (payload, from, step) => own?.dhcp(payload, from, step),
    tftpPorts: own?.tftpPorts ?? [],
  });
  const cut = await readCapture(file, (frame) => replay.hear(frame));
  replay.finish();
  const { steps } = replay.log;
  if (own !== undefined) await addOwn(steps, own);
  const machines = judged(replay, own?.address);
  const remarks = describeRemarks(replay, { cut, hasConfig: own !== undefined, hasMachines: machines.length > 0 });
  const count = (state: Judged['state']) => machines.filter((one) => one.judged.state === state).length;
  const failures = count('fail');
  // A capture in which nobody boots shows nothing of what is looked for.
  const warnings = count('warn') + (machines.length === 0 ? 1 : 0);
  if (options.json) {
    const told = machines.map(({ judged: one, ...machine }) => ({ ...machine, ...one }));
    const shown = steps.map(({ asks: _, ...step }) => step);
    writeJson(output, { file, packets: replay.count, failures, warnings, machines: told, remarks, steps: shown });
  } else writeReplay(output, { steps, machines, remarks, packets: replay.count, failures, warnings, ok: count('ok') });
  if (failures > 0 || (options.strict && warnings > 0)) process.exitCode = 1;
}

async function addOwn(steps: readonly Step[], own: OwnServer): Promise<void> {
  for (const step of steps) if (step.asks !== undefined) step.own = await own.has(step.asks);
}

function judged(replay: Replay, own: string | undefined): readonly JudgedMachine[] {
  const seen = { end: replay.end, hasTftpData: replay.hasTftpData, ...(own !== undefined && { own }) };
  return replay.stories.all.flatMap((story) => {
    const one = judgeStory(story, seen);
    const { who, client } = story;
    return one === undefined ? [] : [{ who, ...(client !== undefined && { client }), judged: one }];
  });
}

type Shown = {
  readonly steps: readonly Step[];
  readonly machines: readonly JudgedMachine[];
  readonly remarks: readonly string[];
  readonly packets: number;
  readonly failures: number;
  readonly warnings: number;
  readonly ok: number;
};

function writeReplay(output: Output, { steps, machines, remarks, packets, failures, warnings, ok }: Shown): void {
  const width = Math.max(0, ...machines.map(({ who }) => who.length), '52:54:00:00:00:00'.length);
  for (const step of steps) writeStep(output, step, width);
  if (steps.length > 0) writeLine(output, '');
  for (const remark of remarks) writeLine(output, emphasize(output, 'dim', remark));
  for (const machine of machines) writeJudged(output, machine);
  writeLine(
    output,
    `${counted(packets, 'packet')}, ${counted(machines.length, 'machine')}: ${counted(failures, 'failure')}, ${counted(warnings, 'warning')}, ${ok} ok`,
  );
}
