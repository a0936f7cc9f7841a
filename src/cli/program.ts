import { Command, CommanderError } from 'commander';
import { BootlayerError, describeError } from '../errors.js';
import { harmless } from '../format.js';
import { assignmentCommand } from './assignment.js';
import { bootCommand } from './boot.js';
import { cacheCommand } from './cache.js';
import { checkCommand } from './check.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { imageCommand } from './image.js';
import { leaseCommand } from './lease.js';
import { machineCommand } from './machine.js';
import { planCommand } from './plan.js';
import { readyCommand } from './ready.js';
import { serveCommand } from './serve.js';
import { stateCommand } from './state.js';
import { version } from './version.js';
import { watchCommand } from './watch.js';

/** Runs one command and answers the exit status: 0 done, 1 the operation failed, 2 wrong usage or configuration. */
export async function runProgram(args: readonly string[]): Promise<number> {
  endQuietlyWithoutReader();
  const program = buildProgram();
  try {
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

function buildProgram(): Command {
  const program = new Command('bootlayer')
    .description(
      'Boots bare metal from OCI images: maps machines to image references and serves them to firmware and iPXE.',
    )
    .version(version())
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .showHelpAfterError('(bootlayer --help lists the commands)')
    .exitOverride();
  const commands = [
    serveCommand(),
    checkCommand(),
    planCommand(),
    imageCommand(),
    cacheCommand(),
    machineCommand(),
    assignmentCommand(),
    bootCommand(),
    leaseCommand(),
    watchCommand(),
    readyCommand(),
    stateCommand(),
    doctorCommand(),
    demoCommand(),
  ];
  for (const command of commands) program.addCommand(command);
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
