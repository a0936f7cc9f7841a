import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * A web server for a network of its own: `node document-server.js JSON ADDRESS` serves the documents, by their paths, takes what is
 * posted, and knows nothing else. In a document, `{server}` is where it is. It says that first, then each request, a line of JSON,
 * when it is answered.
 * @typedef {{ method: string, path: string, status: number, agent: string, body: string }} Asked
 */
const documents = /** @type {Record<string, string>} */ (JSON.parse(process.argv[2] ?? '{}'));
const host = process.argv[3] ?? '127.0.0.1';
let place = '';

const server = createServer((request, response) => {
  void answer(request, response);
});
server.listen(0, host, () => {
  place = `http://${host}:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
  process.stdout.write(`at ${place}\n`);
});

/** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
async function answer(request, response) {
  const { method = '', url: path = '', headers } = request;
  const body = await text(request);
  const contents = Buffer.from((documents[path] ?? '').replaceAll('{server}', place));
  const status = documents[path] !== undefined || method === 'POST' ? 200 : 404;
  response.writeHead(status, { 'content-length': contents.length });
  response.end(method === 'HEAD' ? undefined : contents);
  const asked = { method, path, status, agent: headers['user-agent'] ?? '', body };
  process.stdout.write(`${JSON.stringify(asked)}\n`);
}
