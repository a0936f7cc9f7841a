/** What may come next in a text of JSON. */
type Next = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing';

type Bracket = '{' | '[';

const WHITE_SPACE = /[ \t\n\r]*/y;
const TOKEN =
  /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/uy;

/**
 * The offset of the first character that no text of JSON (RFC 8259) can have there, its length when it ends too early,
 * undefined when nothing is wrong with it: the messages of `JSON.parse` do not always say where.
 */
export function jsonFault(text: string): number | undefined {
  const open: Bracket[] = [];
  let next: Next = 'value';
  for (let at = skip(text, 0); at < text.length; ) {
    const token = tokenAt(text, at);
    const then: Next | undefined = token === undefined ? undefined : after(token, next, open);
    if (token === undefined || then === undefined) return at;
    next = then;
    at = skip(text, at + token.length);
  }
  return next === 'nothing' ? undefined : text.length;
}

function skip(text: string, from: number): number {
  WHITE_SPACE.lastIndex = from;
  return from + (WHITE_SPACE.exec(text)?.[0].length ?? 0);
}

function tokenAt(text: string, at: number): string | undefined {
  TOKEN.lastIndex = at;
  return TOKEN.exec(text)?.[0];
}

/** What may follow the token, undefined when the token may not stand there; `open` are the brackets around it. */
function after(token: string, next: Next, open: Bracket[]): Next | undefined {
  switch (token) {
    case '}':
      return close('{', next === 'comma or end' || next === 'key or end', open);
    case ']':
      return close('[', next === 'comma or end' || next === 'value or end', open);
    case ',':
      if (next !== 'comma or end') return undefined;
      return open.at(-1) === '{' ? 'key' : 'value';
    case ':':
      return next === 'colon' ? 'value' : undefined;
    default:
      if (next === 'key' || next === 'key or end') return token.startsWith('"') ? 'colon' : undefined;
      return next === 'value' || next === 'value or end' ? afterStart(token, open) : undefined;
  }
}

function close(bracket: Bracket, mayClose: boolean, open: Bracket[]): Next | undefined {
  return mayClose && open.pop() === bracket ? behind(open) : undefined;
}

function afterStart(token: string, open: Bracket[]): Next {
  if (token !== '{' && token !== '[') return behind(open);
  open.push(token);
  return token === '{' ? 'key or end' : 'value or end';
}

/** Behind a whole value. */
function behind(open: readonly Bracket[]): Next {
  return open.length === 0 ? 'nothing' : 'comma or end';
}
