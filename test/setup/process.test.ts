import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ChildProcess } from './process.js';

const started = (script: string): ChildProcess => new ChildProcess('/bin/sh', ['-c', script], { name: 'a shell' });

describe('ChildProcess', () => {
  it('gives the first line a reader makes something of, also one written before', async () => {
    const child = started('echo one; echo two >&2; echo three; exec sleep 60');
    const reader = (line: string) => (line.startsWith('t') ? line : undefined);
    const seen: string[] = [];
    child.onLine((line) => seen.push(line));
    expect(await child.waitForLine((line) => (line === 'three' ? line : undefined), 10)).toBe('three');
    expect(await child.waitForLine(reader, 10)).toMatch(/^(two|three)$/);
    expect(seen).toContain('one');
    expect(await child.stop()).toBe('SIGTERM');
  });

  it('says with its last words that it ended before', async () => {
    const child = started('echo no such disk >&2; exit 3');
    await expect(child.waitForLine(() => undefined, 10)).rejects.toThrow('a shell ended with 3\nno such disk');
  });

  it('says that it took too long', async () => {
    const child = started('echo waiting; exec sleep 60');
    await expect(child.waitForLine(() => undefined, 0.2)).rejects.toThrow('within 0.2 s');
    await child.stop();
  });

  it('says with what unfinished line', async () => {
    const child = started('echo one; printf "two "; printf "é"; exec sleep 60');
    await expect(child.waitForLine(() => undefined, 1)).rejects.toThrow(/within 1 s\none\ntwo é$/);
    await child.stop();
    const ended = started('echo one; printf "two and"; exit 3');
    await expect(ended.waitForLine(() => undefined, 10)).rejects.toThrow(/ended with 3\none\ntwo and$/);
  });

  it('says that there is no such program', async () => {
    const child = new ChildProcess('/no/such/program', [], { name: 'nothing' });
    await expect(child.waitForLine(() => undefined, 10)).rejects.toThrow('nothing ended with');
  });

  it('is killed when it does not listen', async () => {
    const child = started('trap "" TERM; echo deaf; exec sleep 60');
    await child.waitForLine((line) => (line === 'deaf' ? line : undefined), 10);
    expect(await child.stop(0.1)).toBe('SIGKILL');
  });

  it('ends when whoever started it is killed', async () => {
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', PARENT], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    expect(runs(Number(pid))).toBe(true);
    parent.kill('SIGKILL');
    for (let tries = 0; tries < 200 && runs(Number(pid)); tries += 1) await pause(50);
    expect(runs(Number(pid))).toBe(false);
  });
});

const PARENT = `
import { ChildProcess } from ${JSON.stringify(fileURLToPath(new URL('process.js', import.meta.url)))};
const child = new ChildProcess('/bin/sh', ['-c', 'echo up; exec sleep 600'], { name: 'a shell' });
await child.waitForLine((line) => line, 10);
console.log(child.pid);
`;

/** Whether it runs: one that nobody has waited for yet has ended all the same (proc_pid_stat(5)). */
function runs(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) [ZX] /.test(readFileSync(file, 'utf8'));
}
