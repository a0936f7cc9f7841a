import { formatSeconds } from '../format.js';
import type { StyledLine } from './live-screen.js';
import { inOneLine } from './output.js';
import type { ToldBoot, ToldEvent, ToldSteps } from './told.js';

type Step = Pick<ToldEvent, 'at' | 'text'>;

/** A step of a boot, with how long after its begin it came; without that where the boot is not known. */
export function stepLine({ at, text }: Step, beganAt: string | undefined): string {
  const after =
    beganAt === undefined ? '' : `+${formatSeconds(Math.max(0, Date.parse(at) - Date.parse(beganAt)) / 1_000)}`;
  return inOneLine(`${at}  ${after.padStart(9)}  ${text}`);
}

/** `node-01: boot 5f3c09a1b27d4e88, fetching, assignment workers` */
function headingOf({ machine, id, state, assignment }: Omit<ToldBoot, 'beganAt' | 'lastAt'>): StyledLine {
  const by = assignment === undefined ? '' : `, assignment ${assignment}`;
  return { text: inOneLine(`${machine}: boot ${id}, ${state}${by}`), style: 'bold' };
}

/** Steps that are remembered as told: more than a boot has. */
const MOST = 1_000;

/** The steps of a machine's boots as lines, each step once, though it is told again. */
export class Timeline {
  #boot: string | undefined;
  #beganAt: string | undefined;
  #told = new Set<string>();

  /** A boot as it was told when asked for. */
  boot(told: ToldSteps): readonly StyledLine[] {
    const heading = told.id === this.#boot ? [] : this.#begin(told.id, told.beganAt, headingOf(told));
    return [...heading, ...told.steps.flatMap((step) => this.#line(step, told.beganAt))];
  }

  /** A step as it happens. */
  step(event: ToldEvent): readonly StyledLine[] {
    const { boot, machine, beganAt, state = '' } = event;
    if (boot === undefined || beganAt === undefined) return this.#line(event, undefined);
    const isNew = boot !== this.#boot && (this.#beganAt === undefined || beganAt >= this.#beganAt);
    const heading = isNew ? this.#begin(boot, beganAt, headingOf({ machine, id: boot, state })) : [];
    const text = boot === this.#boot ? event.text : `of the boot before: ${event.text}`;
    return [...heading, ...this.#line({ at: event.at, text }, beganAt)];
  }

  #begin(boot: string, beganAt: string, heading: StyledLine): readonly StyledLine[] {
    const space: readonly StyledLine[] = this.#boot === undefined ? [] : [{ text: '', style: 'plain' }];
    [this.#boot, this.#beganAt] = [boot, beganAt];
    this.#told = new Set();
    return [...space, heading];
  }

  #line(step: Step, beganAt: string | undefined): readonly StyledLine[] {
    const key = `${step.at} ${step.text}`;
    if (this.#told.has(key)) return [];
    if (this.#told.size >= MOST) this.#told = new Set();
    this.#told.add(key);
    return [{ text: stepLine(step, beganAt), style: 'plain' }];
  }
}
