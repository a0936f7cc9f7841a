import { Command } from 'commander';
import { createLog, type Logger } from '../log.js';
import { type RunningServer, startServer } from '../server.js';
import { type CommonOptions, loadWithWarnings, withCommonOptions } from './common.js';
import { jsonLines } from './json-lines.js';
import { growAsNeeded } from './young-generation.js';

export function serveCommand(): Command {
  return withCommonOptions(new Command('serve'))
    .description('run everything the configuration enables, until SIGINT or SIGTERM; SIGHUP reads it anew')
    .action(serve);
}

async function serve(options: CommonOptions): Promise<void> {
  const initial = await loadWithWarnings(options, { withSecrets: true });
  const log = await serverLog(options.logLevel);
  let server: RunningServer | undefined;
  let starting: Promise<RunningServer> | undefined;
  // Before anybody can know that it runs: without listeners, signals would end the process as it stands.
  const stopListening = onSignals(log, {
    // One that is starting comes to that first: what it has opened is closed in order.
    stop: async () => (await starting?.catch(() => undefined))?.stop(),
    reload: () => server?.reload(),
  });
  try {
    for (const warning of initial.warnings) log.warn({ event: 'config.warning' }, warning);
    starting = startServer(initial, log);
    server = await starting;
    growAsNeeded();
    await server.ended;
    log.info({ event: 'server.ended' }, 'ended');
  } finally {
    stopListening();
  }
}

/** A person at a terminal reads coloured lines; a pipe gets JSON. */
async function serverLog(level: CommonOptions['logLevel']): Promise<Logger> {
  if (!process.stdout.isTTY) return createLog(level, jsonLines(1));
  const { default: pretty } = await import('pino-pretty');
  return createLog(level, pretty({ sync: true, hideObject: level === 'info', translateTime: 'SYS:HH:MM:ss.l' }));
}

type SignalActions = { readonly stop: () => Promise<void>; readonly reload: () => void };

/** The first signal to end ends the server gracefully, the second at once. */
function onSignals(log: Logger, { stop, reload }: SignalActions): () => void {
  let signals = 0;
  const end = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 1) {
      log.warn({ event: 'server.killed', signal }, 'second signal, ending at once');
      // Node's own way waits for what SQLite is doing, and is aborted by it then. What was durable stays durable.
      process.kill(process.pid, 'SIGKILL');
    }
    log.info(
      { event: 'server.stopping', signal },
      'ending: running transfers may finish, a second signal ends at once',
    );
    stop().catch((error: unknown) => log.error({ err: error }, 'ending went wrong'));
  };
  const listeners = { SIGINT: end, SIGTERM: end, SIGHUP: reload } as const;
  const signalled = Object.entries(listeners);
  for (const [signal, listener] of signalled) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of signalled) process.off(signal, listener);
  };
}
