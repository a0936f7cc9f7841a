/** One way to authenticate that a server offers (RFC 9110, 11.6.1). Scheme and parameter names in lower case. */
export type Challenge = { readonly scheme: string; readonly parameters: Readonly<Record<string, string>> };

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+/;
/** A credential without a name (`Negotiate YII=`): to be stepped over. */
const TOKEN68 = /^\s+[A-Za-z0-9._~+/-]+=*\s*(?=,|$)/;
const MAX_HEADER = 16_384;

/**
 * Reads a WWW-Authenticate header. Several challenges may share one header, their parameters separated by the same
 * commas; what cannot be read ends the list.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let rest = header.slice(0, MAX_HEADER).replace(/^[\s,]+/, '');
  while (rest !== '') {
    const parameter = readParameter(rest);
    const last = challenges.at(-1);
    if (parameter !== undefined && last !== undefined) {
      last.parameters[parameter.name] = parameter.value;
      rest = parameter.rest;
    } else {
      const scheme = TOKEN.exec(rest)?.[0];
      if (scheme === undefined) break;
      challenges.push({ scheme: scheme.toLowerCase(), parameters: Object.create(null) as Record<string, string> });
      rest = rest.slice(scheme.length);
      rest = rest.slice(TOKEN68.exec(rest)?.[0].length ?? 0);
    }
    rest = rest.replace(/^[\s,]+/, '');
  }
  return challenges;
}

type Parameter = { readonly name: string; readonly value: string; readonly rest: string };

function readParameter(text: string): Parameter | undefined {
  const name = TOKEN.exec(text)?.[0];
  if (name === undefined) return undefined;
  const equals = /^\s*=\s*/.exec(text.slice(name.length))?.[0];
  if (equals === undefined) return undefined;
  const after = text.slice(name.length + equals.length);
  const quoted = /^"((?:[^"\\]|\\.)*)"/s.exec(after);
  const value = quoted?.[1]?.replace(/\\(.)/gs, '$1') ?? TOKEN.exec(after)?.[0];
  if (value === undefined) return undefined;
  return { name: name.toLowerCase(), value, rest: after.slice(quoted?.[0].length ?? value.length) };
}
