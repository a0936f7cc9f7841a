import { Command } from 'commander';
import { buildCommand } from './image-build.js';
import { inspectCommand } from './image-inspect.js';
import { laterCommand } from './later-command.js';

export function imageCommand(): Command {
  const image = new Command('image').description('make and look at IronCore OCI images');
  image.addCommand(inspectCommand());
  image.addCommand(buildCommand());
  for (const name of ['push', 'pull', 'verify']) image.addCommand(laterCommand(`image ${name}`), { hidden: true });
  return image;
}
