import { request } from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildTestImage } from '../fixtures/program.js';
import { atTerminal } from '../fixtures/terminal.js';
import { startServer } from '../setup/server.js';

const BOOTING = '52:54:00:00:00:01';
const UNKNOWN = '52:54:00:00:00:02';

async function site() {
  const folder = await temporaryFolder();
  await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64']);
  const assignments = [`{ name: one, match: { mac: "${BOOTING}" }, image: "oci:image:1" }`];
  const file = await writeConfiguration(folder, { assignments });
  const server = await startServer(file);
  onTestFinished(async () => void (await server.stop()));
  const script = async (mac: string) =>
    (await fetch(`http://${server.http}/boot/script?mac=${mac}&buildarch=x86_64`)).text();
  /** A machine that takes the first bytes of its kernel, and then none. */
  const beginKernel = async () => {
    const [, url = ''] = /^kernel (?:--\S+ \S+ )?(http\S+)/m.exec(await script(BOOTING)) ?? [];
    const asked = request(url, (response) => response.once('data', () => response.pause()));
    asked.on('error', () => undefined).end();
    return () => void asked.destroy();
  };
  return { server, script, beginKernel };
}

it('shows a table that fits the terminal, and leaves that as it was', async () => {
  const { server, script, beginKernel } = await site();
  await script(UNKNOWN);
  const { screen, type, resize, ended } = await atTerminal(['watch', '--server', `http://${server.api}`], {
    columns: 100,
    lines: 10,
  });
  const shows = (pattern: RegExp) => expect.poll(() => screen.lines.join('\n')).toMatch(pattern);
  // As its step says, and soon, in its place, as what is found of that says.
  await shows(
    /^1 machine: 1 refused\nMACHINE .*\n52:54:00:00:00:02 +refused +[\d.]+ s +(does not go on \(assignment-missing\): no assignment mat|no assignment matches)/,
  );
  expect([...screen.modes].sort()).toEqual(['?1049', '?25', '?7']);

  const breakOff = await beginKernel();
  await shows(/\n52:54:00:00:00:01 +fetching .*kernel .* \d+% .* MiB/);
  await resize({ columns: 40, lines: 3 });
  await shows(/^2 machines: .*\nMACHINE .*\nand 2 more machines: 1 refused, 1 fetch…$/);
  await resize({ columns: 120, lines: 10 });
  await shows(/\n52:54:00:00:00:01 +fetching .*kernel .* \d+% .* MiB/);
  breakOff();
  await shows(
    /\n52:54:00:00:00:01 +fetching .*(did not get the whole kernel|does not go on \(download-aborted\): the kernel broke off)/,
  );

  await server.stop();
  await shows(/^the server at http:\S+ does not answer: it is waited for; 2 machines/);
  type('\x03');
  expect(await ended).toBe(0);
  expect([...screen.modes]).toEqual([]);
  // What was there is there again, and the table as it was last.
  expect(screen.lines.slice(0, 2)).toEqual(['before', expect.stringContaining('does not answer')]);
  expect(screen.lines.join('\n')).toContain(`${BOOTING}  fetching`);
});

it('leaves the terminal as it was when it is killed', async () => {
  const { server } = await site();
  const { screen, kill, ended } = await atTerminal(['watch', '--server', `http://${server.api}`], {
    columns: 100,
    lines: 10,
  });
  await expect.poll(() => screen.lines[0]).toBe('0 machines');
  await kill('SIGTERM');
  expect(await ended).toBe(0);
  expect([[...screen.modes], screen.lines[0]]).toEqual([[], 'before']);
});

it('shows the steps of one machine, and how far what is under way has come', async () => {
  const { server, script, beginKernel } = await site();
  await script(BOOTING);
  const { screen, type, ended } = await atTerminal(['watch', BOOTING, '--server', `http://${server.api}`], {
    columns: 100,
    lines: 20,
  });
  const shows = (pattern: RegExp) => expect.poll(() => screen.lines.join('\n')).toMatch(pattern);
  await shows(
    /^before\n52:54:00:00:00:01: boot [0-9a-f]{16}, planned, assignment one\n.* \+0\.\d\d s .* gets the script/,
  );
  const breakOff = await beginKernel();
  await shows(/fetches the kernel\nkernel .* \d+% .* MiB/);
  breakOff();
  await shows(/fetches the kernel\n.*did not get the whole kernel.*$/);
  type('\x03');
  expect(await ended).toBe(0);
  expect(screen.lines.at(-1)).toMatch(/did not get|\^C/);
});

it.each([
  ['NO_COLOR', { NO_COLOR: '1' }],
  ['a dumb terminal', { TERM: 'dumb' }],
])('prints plain lines with %s', async (_name, env) => {
  const { server, script } = await site();
  await script(UNKNOWN);
  const { screen, type, ended, raw } = await atTerminal(
    ['watch', '--server', `http://${server.api}`],
    { columns: 100, lines: 10 },
    env,
  );
  await expect.poll(() => screen.lines.join('\n')).toMatch(/T\S+Z {2}52:54:00:00:00:02, refused: no assignment/);
  await script(UNKNOWN);
  await expect.poll(() => screen.lines.join('\n')).toContain('52:54:00:00:00:02 is not booted');
  type('\x03');
  expect(await ended).toBe(0);
  expect(raw()).not.toContain('\x1b');
});
