import { Command } from 'commander';
import { BootlayerError } from '../errors.js';

/** A command of the design that is still to come: refused by name rather than unknown. */
export function laterCommand(name: string): Command {
  return new Command(name.split(' ').at(-1))
    .argument('[anything...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(() => {
      throw new BootlayerError('NOT_IN_THIS_VERSION', `the command "${name}" is not in this version`, {
        remedy: 'bootlayer --help lists what is',
      });
    });
}
