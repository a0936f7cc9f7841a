import type { BootPlan } from '../boot/plan.js';
import { DONE_PLACEHOLDER } from '../image/command-line.js';
import type { UrlPlaceholder } from '../image/placeholders.js';
import type { BootUrls } from './boot-urls.js';

/** What the URL placeholders of a plan's kernel arguments stand for: `{blob.<role>.url}` for whatever is served beside the kernel. Pure. */
export function placeholderUrls(
  { extras }: Pick<BootPlan, 'extras'>,
  urls: BootUrls,
  capability: string,
): ReadonlyMap<string, string> {
  const base = urls.base();
  const own: readonly (readonly [UrlPlaceholder, string])[] = [
    [DONE_PLACEHOLDER, urls.done(capability)],
    ['server.url', base],
    // Without the port; of IPv6 with its brackets.
    ['server.host', new URL(base).hostname],
  ];
  return new Map([...extras.map((extra) => [`blob.${extra.role}.url`, urls.blob(extra)] as const), ...own]);
}
