import { counted, formatBytes } from '../format.js';
import { apiOf, type ServerOptions } from './api-server.js';
import { askOurs } from './ask-ours.js';
import { inOneLine, standardOutput, writeJson, writeLine, writeTable } from './output.js';

/** What the API tells of a state. */
export type ToldState = {
  readonly isDoubted: boolean;
  readonly doubtedSince?: string;
  readonly boots: number;
  readonly standings: number;
  readonly enrolled: number;
  readonly capabilities: number;
  readonly bytes: number;
  /** Not told by an older server. */
  readonly notDone?: ToldNotDone;
};

export type ToldNotDone = { readonly count: number; readonly machines: readonly string[] };

/** Whether the state of a running server is taken for whole, and how much there is in it. */
export async function showState(options: ServerOptions): Promise<void> {
  const state = await askOurs<ToldState>(
    await apiOf(options),
    { path: '/api/v1/state' },
    ({ isDoubted, bytes }) => typeof isDoubted === 'boolean' && typeof bytes === 'number',
  );
  const output = standardOutput();
  if (options.json) return writeJson(output, state);
  writeLine(output, inOneLine(describeDoubt(state)));
  for (const line of notDoneLines(state.notDone)) writeLine(output, inOneLine(line));
  const { boots, standings, enrolled, capabilities, bytes } = state;
  const counts = [boots, standings, enrolled, capabilities].map(String);
  writeTable(output, ['BOOTS', 'STANDINGS', 'ENROLLED', 'CAPABILITIES', 'SIZE'], [[...counts, formatBytes(bytes)]]);
}

export function describeDoubt({ isDoubted, doubtedSince }: Pick<ToldState, 'isDoubted' | 'doubtedSince'>): string {
  if (!isDoubted) return 'the state is taken for whole';
  const what =
    doubtedSince === undefined
      ? 'what the state says of some machines is damaged'
      : `the state is in doubt since ${doubtedSince}, when it was lost, replaced or restored`;
  return `${what}: machines under "once" that it does not know as done are not installed; say which are, and then: bootlayer state accept`;
}

const MOST_NAMED = 20;

/** `2 machines under once are not known as done, and would be installed: a, b`; nothing where there is none. */
export function notDoneLines(notDone: ToldNotDone | undefined, would = 'would be installed'): readonly string[] {
  if (notDone === undefined || notDone.count === 0) return [];
  const { count, machines } = notDone;
  const shown = machines.slice(0, MOST_NAMED);
  const named = count > shown.length ? `${shown.join(', ')} and ${count - shown.length} more` : shown.join(', ');
  return [
    `${counted(count, 'machine')} under once ${count === 1 ? 'is' : 'are'} not known as done, and ${would}: ${named}`,
  ];
}
