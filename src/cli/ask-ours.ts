import { type ServerApi, unreachable } from './api-server.js';
import { askServer, type Question } from './ask-server.js';
import { untilSignal } from './until-signal.js';

/**
 * What the server answers, until a signal ends the command. Another program may listen there, and speak JSON too: `isOurs` tells
 * their answers from ours. Throws the error that the server tells, and SERVER_UNREACHABLE when none of ours answers.
 */
export async function askOurs<Answer>(
  api: ServerApi,
  question: Omit<Question, 'signal'>,
  isOurs: (answer: Partial<Answer>) => boolean,
): Promise<Answer> {
  const answer = await untilSignal((signal) => askServer(api, { ...question, signal }));
  if (typeof answer !== 'object' || answer === null || !isOurs(answer)) throw unreachable(api);
  return answer as Answer;
}
