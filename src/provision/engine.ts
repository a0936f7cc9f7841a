import { AssignTag, CaptureTag, type Context, type Emitter, Liquid, type Template, toValueSync, Value } from 'liquidjs';
import { Allowance, type Budget } from './budget.js';
import { CountedContext, countedFilter, countedOperators, countedRendering } from './counted.js';
import type { Format } from './format.js';
import { StandingText } from './standing-text.js';
import { textFilters, written } from './text-filters.js';

/** Tags that read no file, know no time and keep nothing between two renderings. */
export const TAGS: readonly string[] = ['if', 'unless', 'case', 'for', 'assign', 'capture', 'comment', 'raw', '#'];

/** Filters of the library that say the same of the same values, whenever and wherever. */
const PLAIN_FILTERS: readonly string[] = [
  ...['default', 'append', 'prepend', 'upcase', 'downcase', 'strip', 'replace', 'remove', 'split', 'join'],
  ...['first', 'last', 'size', 'slice', 'plus', 'minus', 'times', 'modulo', 'url_encode'],
];

export const FILTERS: readonly string[] = [...PLAIN_FILTERS, ...Object.keys(textFilters('text'))];

/** What a document may be at most, in bytes. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Renders parsed templates of one format. */
export class Engine {
  readonly #liquid: Liquid;

  constructor(format: Format) {
    this.#liquid = new Liquid({
      // Whatever asks for a file finds an empty folder in memory.
      templates: {},
      // No filter of it is kept; the system's would cost 10 MiB of tables.
      locale: 'en-US',
      strictVariables: true,
      lenientIf: true,
      ownPropertyOnly: true,
      operators: countedOperators,
      outputEscape: countedFilter('', (value: unknown) => written(format, value)),
    });
    const { tags, filters } = this.#liquid;
    for (const name of Object.keys(tags)) if (!TAGS.includes(name)) delete tags[name];
    for (const name of Object.keys(filters)) if (!FILTERS.includes(name)) this.#liquid.unregisterFilter(name);
    for (const [name, filter] of Object.entries({ ...filters, ...textFilters(format) }))
      this.#liquid.registerFilter(name, countedFilter(name, filter));
    this.#liquid.renderer.renderTemplates = countedRendering;
    this.#liquid.registerTag('assign', StrictAssign);
    this.#liquid.registerTag('capture', StandingCapture);
  }

  /** Throws the library's errors. */
  parse(text: string): Template[] {
    return this.#liquid.parse(text);
  }

  /** Throws the library's errors, and in them `Refusal`s. */
  render(nodes: Template[], values: object, budget: Budget): string {
    const emitter = new BoundedEmitter(budget.output);
    const context = new CountedContext(values, this.#liquid, budget);
    toValueSync(this.#liquid.renderer.renderTemplates(nodes, context, emitter));
    return emitter.buffer;
  }
}

/** A missing value is an error where it is assigned too, but in front of `default`. */
class StrictAssign extends AssignTag {
  override *render(context: Context): Generator<unknown, void, unknown> {
    const [value] = this.arguments();
    const [name] = this.localScope();
    if (value instanceof Value && name !== undefined)
      context.bottom()[name.content] = yield value.value(context, false);
  }
}

/** What is captured was made fit for the document already. */
class StandingCapture extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    const emitter = new BoundedEmitter(CountedContext.of(context).budget.made);
    yield this.liquid.renderer.renderTemplates(this.templates, context, emitter);
    context.bottom()[this.variable] = new StandingText(emitter.buffer);
  }
}

class BoundedEmitter implements Emitter {
  buffer = '';
  readonly #own = new Allowance(MAX_OUTPUT_BYTES, 'the document is larger than 1 MiB');
  readonly #ofAll: Allowance;

  constructor(ofAll: Allowance) {
    this.#ofAll = ofAll;
  }

  write(text: unknown): void {
    const more = String(text);
    const bytes = Buffer.byteLength(more);
    this.#own.use(bytes);
    this.#ofAll.use(bytes);
    this.buffer += more;
  }
}
