import { Command, CommanderError } from 'commander';
import { BootlayerError, describeError } from '../errors.js';
import { harmless } from '../format.js';
import { version } from './version.js';
import { startSmall } from './young-generation.js';

/** Runs one command and answers the exit status: 0 done, 1 the operation failed, 2 wrong usage or configuration. */
export async function runProgram(args: readonly string[]): Promise<number> {
  endQuietlyWithoutReader();
  try {
    const program = await buildProgram(args);
    await program.parseAsync([...args], { from: 'user' });
    // A command may hand on another program's status.
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    return report(thrown, args);
  }
}

/** `bootlayer cache ls | head`: whoever read the output has read enough. */
function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A terminal that is gone says EIO.
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
      process.exit(0);
    });
  }
}

/**
 * In the order of the help. Each is loaded by its name: they have little in common, and what a server does not need would
 * stay in its memory.
 */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => {
    startSmall();
    return (await import('./serve.js')).serveCommand();
  },
  check: async () => (await import('./check.js')).checkCommand(),
  plan: async () => (await import('./plan.js')).planCommand(),
  image: async () => (await import('./image.js')).imageCommand(),
  cache: async () => (await import('./cache.js')).cacheCommand(),
  machine: async () => (await import('./machine.js')).machineCommand(),
  assignment: async () => (await import('./assignment.js')).assignmentCommand(),
  boot: async () => (await import('./boot.js')).bootCommand(),
  lease: async () => (await import('./lease.js')).leaseCommand(),
  watch: async () => (await import('./watch.js')).watchCommand(),
  ready: async () => (await import('./ready.js')).readyCommand(),
  state: async () => (await import('./state.js')).stateCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
  demo: async () => (await import('./demo.js')).demoCommand(),
};

async function buildProgram([name = '']: readonly string[]): Promise<Command> {
  const program = new Command('bootlayer')
    .description(
      'Boots bare metal from OCI images: maps machines to image references and serves them to firmware and iPXE.',
    )
    .version(version())
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .showHelpAfterError('(bootlayer --help lists the commands)')
    .exitOverride();
  const own = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const loads = own === undefined ? Object.values(COMMANDS) : [own];
  for (const command of await Promise.all(loads.map((load) => load()))) program.addCommand(command);
  exitByThrowing(program);
  return program;
}

function exitByThrowing(command: Command): void {
  for (const child of command.commands) {
    child.exitOverride().showHelpAfterError('(add --help for what there is)');
    exitByThrowing(child);
  }
}

/** One line on stderr; commander has printed its own already. The stack only when debugging. */
function report(thrown: unknown, args: readonly string[]): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  const error = BootlayerError.from(thrown);
  process.stderr.write(`bootlayer: ${harmless(describeError(error))}\n`);
  if (/--log-level[= ](debug|trace)/.test(args.join(' '))) process.stderr.write(`${stackOf(thrown)}\n`);
  return USAGE_CODES.has(error.code) ? 2 : 1;
}

const USAGE_CODES = new Set(['CONFIG_INVALID', 'USAGE', 'NOT_IN_THIS_VERSION', 'REFERENCE_INVALID', 'DIGEST_INVALID']);

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause === undefined ? '' : `\ncaused by: ${stackOf(thrown.cause)}`;
  return `${thrown.stack ?? thrown.message}${cause}`;
}
