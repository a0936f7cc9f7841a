import { Command } from 'commander';
import { createLog, type Logger } from '../log.js';
import { startServer } from '../server.js';
import { type CommonOptions, readConfig, withCommonOptions } from './common.js';
import { jsonLines } from './json-lines.js';

export function serveCommand(): Command {
  return withCommonOptions(new Command('serve'))
    .description('run everything the configuration enables, until SIGINT or SIGTERM; SIGHUP reads it anew')
    .action(serve);
}

async function serve(options: CommonOptions): Promise<void> {
  const config = await readConfig(options);
  const log = await serverLog(options.logLevel);
  const server = await startServer(config, log);
  const stopListening = onSignals(log, () => server.stop());
  const reload = () => server.reload();
  process.on('SIGHUP', reload);
  try {
    await server.ended;
    log.info({ event: 'server.ended' }, 'ended');
  } finally {
    stopListening();
    process.off('SIGHUP', reload);
  }
}

/** A person at a terminal reads coloured lines; a pipe gets JSON. */
async function serverLog(level: CommonOptions['logLevel']): Promise<Logger> {
  if (!process.stdout.isTTY) return createLog(level, jsonLines(1));
  const { default: pretty } = await import('pino-pretty');
  return createLog(level, pretty({ sync: true, hideObject: level === 'info', translateTime: 'SYS:HH:MM:ss.l' }));
}

/** The first signal ends the server gracefully, the second at once. */
function onSignals(log: Logger, stop: () => Promise<void>): () => void {
  let signals = 0;
  const handle = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 1) {
      log.warn({ event: 'server.killed', signal }, 'second signal, ending at once');
      process.exit(1);
    }
    log.info(
      { event: 'server.stopping', signal },
      'ending: running transfers may finish, a second signal ends at once',
    );
    stop().catch((error: unknown) => log.error({ err: error }, 'ending went wrong'));
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return () => {
    process.off('SIGINT', handle);
    process.off('SIGTERM', handle);
  };
}
