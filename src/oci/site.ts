/** Under these, what comes before says whose a name is (a part of what publicsuffix.org lists). */
const SECOND_LEVEL: ReadonlySet<string> = new Set('ac co com edu go gob gov mil ne net nom or org'.split(' '));
/** Anybody may have a name right under these. */
const SHARED: readonly string[] = [
  'amazonaws.com appspot.com azurecr.io azurewebsites.net cloudapp.net cloudfront.net fly.dev github.io gitlab.io',
  'googleapis.com herokuapp.com netlify.app ngrok.app ngrok.io nip.io onrender.com pages.dev run.app sslip.io vercel.app',
  'windows.net workers.dev',
].flatMap((line) => line.split(' '));

/**
 * Whether two hosts look as if they were of the same people: one and the same, or of one registered domain, so far as that can
 * be told from names.
 */
export function areOfOneSite(one: string, other: string): boolean {
  return one === other || siteOf(one) === siteOf(other);
}

/** `docker.io`, `example.co.uk`; an address, and what stands under a name that is shared, as it is. */
function siteOf(hostname: string): string {
  if (/^[\d.]+$|^\[/.test(hostname) || SHARED.some((name) => hostname.endsWith(`.${name}`))) return hostname;
  const labels = hostname.split('.');
  const [second = '', top = ''] = labels.slice(-2);
  const isCountry = top.length === 2 && SECOND_LEVEL.has(second);
  return labels.slice(isCountry ? -3 : -2).join('.');
}
