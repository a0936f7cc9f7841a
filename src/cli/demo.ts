import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { ownFolder } from '../disk-own-files.js';
import { BootlayerError } from '../errors.js';

/** The demo drives this program from outside, as an operator would; it lives with the tests, in a checkout only. */
const SCRIPT = 'test/setup/demo.js';

export function demoCommand(): Command {
  return new Command('demo')
    .description('boot a virtual machine on this host, from building its image to its kernel (in a checkout only)')
    .option('--keep', 'leave the server up afterwards, until Ctrl-C')
    .option('--layout', 'boot from an OCI image layout folder, without a registry')
    .option('--yes', 'install missing system packages without asking')
    .action((options: Record<string, boolean>) => runDemo(Object.keys(options).map((name) => `--${name}`)));
}

async function runDemo(flags: readonly string[]): Promise<void> {
  const own = ownFolder();
  const script = `${own}${SCRIPT}`;
  if (own === undefined || !existsSync(script)) {
    throw new BootlayerError('USAGE', 'the demo is part of a checkout, and this is an installation', {
      remedy: 'clone the repository and run: npm run demo',
    });
  }
  const child = spawn(process.execPath, [script, ...flags], { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches both; whoever ends this command means the demo.
  const forward = (signal: NodeJS.Signals) => void (signal === 'SIGINT' || child.kill(signal));
  for (const signal of SIGNALS) process.on(signal, forward);
  try {
    process.exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
