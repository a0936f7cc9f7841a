import { formatBytes } from '../format.js';
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
};

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
