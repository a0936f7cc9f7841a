#!/usr/bin/env node
/** The program's entry: only what an older Node understands, so that it can say what it needs. */

const REQUIRED = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < REQUIRED[0] || (major === REQUIRED[0] && minor < REQUIRED[1])) {
  process.stderr.write(
    `bootlayer: Node ${REQUIRED.join('.')} or newer is needed, this is ${process.versions.node}; install a newer Node.js\n`,
  );
  process.exitCode = 1;
} else {
  const { runProgram } = await import('./cli/program.js');
  process.exitCode = await runProgram(process.argv.slice(2));
}
