import { Command } from 'commander';
import { buildCommand } from './image-build.js';
import { inspectCommand } from './image-inspect.js';
import { pullCommand } from './image-pull.js';
import { pushCommand } from './image-push.js';
import { verifyCommand } from './image-verify.js';

export function imageCommand(): Command {
  const image = new Command('image').description('make, copy and look at IronCore OCI images');
  image.addCommand(inspectCommand());
  image.addCommand(buildCommand());
  for (const command of [pushCommand(), pullCommand(), verifyCommand()]) image.addCommand(command);
  return image;
}
