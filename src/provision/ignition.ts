import { jsonFault } from './json-fault.js';
import { type DocumentFault, linesOf } from './position.js';

/** Versions of the Ignition configuration specification, 2.x for Ignition before 2.0, 3.x since (https://coreos.github.io/ignition/specs/). */
const VERSION = /^[23]\.\d+\.\d+(-experimental)?$/;
/** How Butane's YAML begins, which is what people write Ignition configurations in (https://coreos.github.io/butane/specs/). */
const BUTANE = /^variant:[ \t]*\S/m;

/** Why Ignition would refuse a text before it looks at what it asks for, with the place where JSON ends to be JSON; undefined when it would not. */
export function judgeIgnition(text: string): DocumentFault | undefined {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return notJson(text);
  }
  if (!isObject(config)) return { reason: `an Ignition configuration is a JSON object, ${EXAMPLE}` };
  const version = isObject(config['ignition']) ? config['ignition']['version'] : undefined;
  if (version === undefined) return { reason: `an Ignition configuration needs ignition.version, ${EXAMPLE}` };
  if (typeof version !== 'string') return { reason: `ignition.version must be a string, ${EXAMPLE}` };
  if (VERSION.test(version)) return undefined;
  return {
    reason: `ignition.version must be 2.x.0 or 3.x.0, such as "3.4.0", not ${JSON.stringify(version.slice(0, 40))}`,
  };
}

const EXAMPLE = 'such as {"ignition": {"version": "3.4.0"}}';

function notJson(text: string): DocumentFault {
  if (BUTANE.test(text)) {
    return { reason: 'this is Butane YAML, and machines read the JSON that is made of it: run butane first' };
  }
  const position = linesOf(text)(jsonFault(text) ?? text.length);
  if (text.trim() === '') return { reason: 'an Ignition configuration is JSON, and this is empty', ...position };
  return { reason: 'an Ignition configuration is JSON, and this is not from here on', ...position };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
