import { readFileSync } from 'node:fs';

/**
 * Loaded before a program (`node --import`): its time of day is ahead by as many milliseconds as a file says, from when that is
 * written. What it measures and waits by (`performance.now`, timers) goes on as it is, as when somebody sets the clock of a host.
 */
const file = process.env['SHIFTED_CLOCK_FILE'] ?? '';
const OFTEN_MILLISECONDS = 50;

const systemNow = Date.now.bind(Date);
let ahead = readAhead();
setInterval(() => {
  ahead = readAhead();
}, OFTEN_MILLISECONDS).unref();
Date.now = () => systemNow() + ahead;

function readAhead() {
  return Number(readFileSync(file, 'utf8'));
}
