import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { ADMIN, KNOWN, READ, servedApi } from '../fixtures/api.js';
import { type ApiDocument, Generator, Judge, type NamedOperation, operationsIn } from '../fixtures/api-document.js';

/** From the document that the API gives of itself: whatever is asked, it answers as that document says. */

const RUNS = 100;

type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};
type Answered = { readonly status: number; readonly type: string | undefined; readonly body: string };

/** A client on loopback that keeps its connections. */
async function client() {
  const { port } = await servedApi();
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  onTestFinished(() => agent.destroy());
  const ask = async ({ method, path, body, ...asked }: Asked): Promise<Answered> => {
    // Node sends a body with DELETE as if it had none, so that its bytes are taken for the next request.
    const headers = {
      ...asked.headers,
      ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      // Node sends none with a DELETE by itself.
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      const all = { ...headers, ...length };
      const asking = request({ port, host: '127.0.0.1', agent, method, path, headers: all }, resolve);
      asking.once('error', reject);
      asking.end(body);
    });
    const type = answer.headers['content-type']?.split(';')[0];
    const status = answer.statusCode ?? 0;
    // It has no end.
    if (type === 'text/event-stream') answer.destroy();
    return { status, type, body: type === 'text/event-stream' ? '' : await text(answer) };
  };
  const get = await ask({ method: 'GET', path: '/api/v1/openapi.json', headers: { authorization: `Bearer ${ADMIN}` } });
  return { ask, document: JSON.parse(get.body) as ApiDocument };
}

/** What is wrong with an answer, by the document. */
function problemsOf({ responses }: NamedOperation, { status, type, body }: Answered, judge: Judge): readonly string[] {
  const response = responses[String(status)];
  if (response === undefined) return [`the status ${status} is not told of: ${body}`];
  if (status >= 500) return [`it fails: ${body}`];
  if (response.content === undefined) return body === '' ? [] : [`it has a body that is not told of: ${body}`];
  const content = response.content[type ?? ''];
  if (content === undefined) return [`the type ${type} of the status ${status} is not told of`];
  if (type !== 'application/json') return [];
  return judge.problemsOf(content.schema, JSON.parse(body)).map((problem) => `${status} ${body} ${problem}`);
}

/** In one of five rounds or so an assignment is taken: by chance, twenty were not enough. */
const MOST_ROUNDS = 100;

const TOKENS = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ authorization: `Bearer ${ADMIN}` }) },
  { weight: 2, arbitrary: fc.constant({ authorization: `Bearer ${READ}` }) },
  { weight: 1, arbitrary: fc.constantFrom({}, { authorization: 'Bearer none' }, { authorization: 'Basic x' }) },
);

const encoded = (value: unknown) => encodeURIComponent(wellFormed(String(value)));

/** As the document wants requests. */
function goodRequest(operation: NamedOperation, generator: Generator): fc.Arbitrary<Asked> {
  const { method, path, parameters = [], requestBody } = operation;
  const values = parameters.map((one) => {
    const value = generator.of(one.schema, one.name);
    return one.required ? value : fc.option(value, { nil: undefined });
  });
  const [schema] = Object.values(requestBody?.content ?? {}).map((content) => content.schema);
  const body = schema === undefined ? fc.constant(undefined) : generator.of(schema);
  return fc.record({ values: fc.tuple(...values), token: TOKENS, body }).map(({ values: given, token, body: sent }) => {
    const at = (place: string) =>
      parameters.flatMap(({ name, in: where }, position) =>
        where === place && given[position] !== undefined ? [[name, given[position]] as const] : [],
      );
    const url = at('path').reduce((made, [name, value]) => made.replace(`{${name}}`, encoded(value)), path);
    const query = at('query').map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
    const headers = Object.fromEntries(at('header').map(([name, value]) => [name, encoded(value)]));
    return {
      method,
      path: query.length === 0 ? url : `${url}?${query.join('&')}`,
      headers: {
        ...token,
        ...headers,
        ...(sent !== undefined && { 'content-type': 'application/json' }),
      },
      ...(sent !== undefined && { body: JSON.stringify(sent) }),
    };
  });
}

const ODD = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.constantFrom('', '..', '__proto__', '%00', "'"));
const ODD_QUERY = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom('limit', 'machine', 'dryRun', 'before', 'after'), ODD), ODD), {
    maxLength: 5,
  })
  .map((pairs) => pairs.map((pair) => pair.map((one) => encodeURIComponent(wellFormed(one))).join('=')).join('&'));
const ODD_BODY = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.string({ unit: 'binary', maxLength: 200 }).map(wellFormed),
  fc.integer({ min: 1, max: 5_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.constantFrom('', '{', '{"__proto__":{"a":1}}', '{"constructor":{"prototype":{}}}', '1e999', 'null'),
);
const ODD_TYPE = fc.constantFrom(
  ...['application/json', 'application/merge-patch+json', 'text/plain', 'application/x-www-form-urlencoded'],
  ...['application/json; charset=latin1', 'x', 'multipart/form-data'],
);
const CONDITIONS = fc.constantFrom({}, { 'if-match': '*' }, { 'if-match': '"x' }, { 'if-none-match': '*' });

/** Without halves of characters, which no URL can hold. */
function wellFormed(value: string): string {
  return Buffer.from(value).toString();
}

/** As nobody wants requests. */
function badRequest({ method, path }: NamedOperation): fc.Arbitrary<Asked> {
  const parts = { odd: ODD.map(wellFormed), query: ODD_QUERY, body: ODD_BODY, type: ODD_TYPE, token: TOKENS };
  return fc.record({ ...parts, conditions: CONDITIONS }).map(({ odd, query, body, type, token, conditions }) => {
    const url = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(odd) || '%20');
    const sent = method === 'GET' ? {} : { body };
    return {
      method,
      path: `${url}?${query}`,
      headers: { ...token, ...conditions, ...(method !== 'GET' && { 'content-type': type }) },
      ...sent,
    };
  });
}

it('answers what it promises as it promises it', async () => {
  const { ask, document } = await client();
  const [judge, generator] = [new Judge(document), new Generator(document, KNOWN)];
  const operations = operationsIn(document);
  expect(operations.length).toBeGreaterThan(7);
  const good = new Set<string>();
  const tryOut = (operation: NamedOperation) =>
    fc.assert(
      fc.asyncProperty(goodRequest(operation, generator), async (asked) => {
        const answer = await ask(asked);
        if (answer.status < 300) good.add(operation.operationId);
        expect(problemsOf(operation, answer, judge)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  for (const operation of operations) {
    // Of requests with many parts few are without any fault.
    for (let round = 0; round < MOST_ROUNDS && !good.has(operation.operationId); round += 1) await tryOut(operation);
  }
  // Else it would be the errors alone that were looked at.
  expect([...good].sort()).toEqual(operations.map(({ operationId }) => operationId).sort());
}, 60_000);

it('refuses whatever else comes, and as it promises', async () => {
  const { ask, document } = await client();
  const judge = new Judge(document);
  for (const operation of operationsIn(document)) {
    await fc.assert(
      fc.asyncProperty(badRequest(operation), async (asked) => {
        expect(problemsOf(operation, await ask(asked), judge)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  }
}, 60_000);
