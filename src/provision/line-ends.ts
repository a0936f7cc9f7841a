/**
 * The text without the line ends at its end: of a file, the secret that it holds. A regular expression takes a time that grows with the square of the line ends that stand in a
 * row elsewhere.
 */
export function withoutLineEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end -= 1;
  return text.slice(0, end);
}
