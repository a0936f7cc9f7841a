import {
  Context,
  defaultOperators,
  type Emitter,
  type FilterImplOptions,
  type Liquid,
  LiquidError,
  RenderError,
  type Template,
  toValue,
} from 'liquidjs';
import type { Budget } from './budget.js';
import { countPieces, countSearch, ITEM, sizeOf, stepsOf } from './cost.js';

type Limiter = Context['memoryLimit'];
type Rendering = Liquid['renderer']['renderTemplates'];
type Filter = Extract<FilterImplOptions, (...values: never[]) => unknown>;

/** Whatever a name stands for is compared, searched and copied by who reads it: it counts as often as it is named. */
export class CountedContext extends Context {
  readonly budget: Budget;
  /** The same, for filters: of what these make the library counts characters, else the items of ranges. */
  readonly inFilters: Context;

  constructor(values: object, liquid: Liquid, budget: Budget) {
    const { made } = budget;
    const memoryLimit = asLimiter((items) => made.use(items * ITEM));
    super(values, liquid.options, { sync: true }, { liquid, memoryLimit });
    this.budget = budget;
    const ofTexts = asLimiter((characters) => made.use(characters));
    this.inFilters = Object.create(this, { memoryLimit: { value: ofTexts } }) as Context;
  }

  static of(context: Context): CountedContext {
    if (context instanceof CountedContext) return context;
    throw new Error('rendered without a budget');
  }

  override *_get(...named: Parameters<Context['_get']>): IterableIterator<unknown> {
    const value: unknown = yield super._get(...named);
    this.budget.made.use(sizeOf(value));
    return value;
  }
}

/** The library tells nobody of its class. */
function asLimiter(use: (count: number) => void): Limiter {
  return { use, check: () => undefined } satisfies Pick<Limiter, 'use' | 'check'> as unknown as Limiter;
}

/** Filters that cut a text into pieces, and where they do. */
const CUTS: Readonly<Record<string, (by: unknown) => unknown>> = {
  split: (by) => by,
  replace: (by) => by,
  remove: (by) => by,
  indent: () => '\n',
};

/** What a filter is given counts, and what it makes. */
export function countedFilter(name: string, implementation: FilterImplOptions): Filter {
  const filter = typeof implementation === 'function' ? implementation : implementation.handler;
  const cut = Object.hasOwn(CUTS, name) ? CUTS[name] : undefined;
  return function (value: unknown, ...others: unknown[]) {
    const { budget, inFilters } = CountedContext.of(this.context);
    budget.made.use(sizeOf(value));
    if (cut !== undefined) countPieces(budget.made, textIn(value), textIn(cut(others[0])));
    const made: unknown = filter.call({ ...this, context: inFilters }, value, ...others);
    budget.made.use(sizeOf(made));
    return made;
  };
}

/** As the library reads what it cuts. */
function textIn(value: unknown): string {
  const plain: unknown = toValue(value);
  return plain === undefined || plain === null ? '' : String(plain);
}

export const countedOperators: typeof defaultOperators = {
  ...defaultOperators,
  *contains(text: unknown, wanted: unknown, context: Context) {
    const plain: unknown = toValue(text);
    if (typeof plain === 'string') countSearch(CountedContext.of(context).budget.made, plain, textIn(wanted));
    return (yield defaultOperators.contains?.(text, wanted, context)) as boolean;
  },
};

const known = new WeakMap<Template, number>();

/** As the library does it, in steps that count. */
export const countedRendering: Rendering = function* (templates: Template[], context: Context, emitter?: Emitter) {
  if (emitter === undefined) throw new Error('rendered to nowhere');
  const { steps } = CountedContext.of(context).budget;
  steps.use(1);
  for (const template of templates) {
    const count = known.get(template) ?? stepsOf(template);
    known.set(template, count);
    steps.use(count);
    try {
      const text: unknown = yield template.render(context, emitter);
      if (text) emitter.write(text);
    } catch (error) {
      throw LiquidError.is(error) ? error : new RenderError(error as Error, template);
    }
  }
};
