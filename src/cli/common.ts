import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { type Config, findConfigFile, type LoadOptions, loadConfig } from '../config/load.js';
import { BootlayerError, describeError } from '../errors.js';
import { harmless } from '../format.js';
import { LOG_LEVELS, type LogLevel } from '../log.js';

/** The flags every command has. */
export type CommonOptions = { readonly config?: string; readonly logLevel: LogLevel };

export function withCommonOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file (default: ./bootlayer.yaml, then /etc/bootlayer/bootlayer.yaml)')
    .addOption(new Option('--log-level <level>', 'how much to log').choices([...LOG_LEVELS]).default('info'));
}

/** `--json`, on every command that prints data. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON');
}

/** Reads the configuration, with what is odd but harmless in it. `withSecrets`: and what it names for TLS, as tokens and as documents. */
export function loadWithWarnings(
  options: { readonly config?: string },
  { withSecrets = false }: { readonly withSecrets?: boolean } = {},
): ReturnType<typeof loadConfig> {
  return loadConfig({ ...placeOf(options), withSecrets });
}

/** Where the configuration is looked for, and what is laid over it. */
export function placeOf({ config: file }: { readonly config?: string }): Pick<LoadOptions, 'file' | 'env' | 'cwd'> {
  return { ...(file !== undefined && { file }), env: process.env, cwd: process.cwd() };
}

/** Reads the configuration; what is odd but harmless is said on stderr. */
export async function readConfig(options: { readonly config?: string }): Promise<Config> {
  const { config, warnings } = await loadWithWarnings(options);
  for (const warning of warnings) warnOnStderr(warning);
  return config;
}

export function warnOnStderr(text: string): void {
  process.stderr.write(`bootlayer: warning: ${harmless(text)}\n`);
}

/** What is no fault, and no data either. */
export function noteOnStderr(text: string): void {
  process.stderr.write(`bootlayer: ${harmless(text)}\n`);
}

/** The same where a command can do without: undefined when none is named and none is in the usual places. Says nothing. */
export async function readConfigIfThere(options: { readonly config?: string }): Promise<Config | undefined> {
  const config = options.config ?? (await findConfigFile(process.cwd()));
  return config === undefined ? undefined : (await loadWithWarnings({ config })).config;
}

/** Makes a parser one that throws USAGE: `"foo" is no address`. */
export function readWith<T>(parse: (text: string) => T | undefined, what: string): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value !== undefined) return value;
    throw new BootlayerError('USAGE', `"${text}" is no ${what}`);
  };
}

/** For commander: makes a parser's BootlayerError the usage error of its option. */
export function parsedBy<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (thrown) {
      throw new InvalidArgumentError(describeError(thrown));
    }
  };
}

/** For one of these, or an empty text, which takes out what there is. */
export function optionalChoice(flags: string, about: string, choices: readonly string[]): Option {
  return new Option(flags, about).choices(choices).argParser((text) => {
    if (text === '' || choices.includes(text)) return text;
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}; "" takes out what there is.`);
  });
}
