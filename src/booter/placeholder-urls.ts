import type { BootPlan } from '../boot/plan.js';
import { DONE_PLACEHOLDER, PROVISION_PLACEHOLDER } from '../image/command-line.js';
import type { UrlPlaceholder } from '../image/placeholders.js';
import type { BootUrls } from './boot-urls.js';

/** By which a machine may report that its boot is done, and by which it fetches its configuration. */
export type GivenCapabilities = { readonly done: string; readonly provision: string };

/** What stands for the capabilities where there are none. */
export const NO_CAPABILITIES: GivenCapabilities = { done: 'none', provision: 'none' };
/** What stands for those that each boot of the machine is given, where none boots. */
export const SOME_CAPABILITIES: GivenCapabilities = { done: '<done-capability>', provision: '<provision-capability>' };

/** What the URL placeholders of a plan's kernel arguments stand for: `{blob.<role>.url}` for whatever is served beside the kernel. Pure. */
export function placeholderUrls(
  { extras }: Pick<BootPlan, 'extras'>,
  urls: BootUrls,
  given: GivenCapabilities,
): ReadonlyMap<string, string> {
  const base = urls.base();
  const own: readonly (readonly [UrlPlaceholder, string])[] = [
    [DONE_PLACEHOLDER, urls.done(given.done)],
    [PROVISION_PLACEHOLDER, urls.provision(given.provision)],
    ['server.url', base],
    // Without the port; of IPv6 with its brackets.
    ['server.host', new URL(base).hostname],
  ];
  return new Map([...extras.map((extra) => [`blob.${extra.role}.url`, urls.blob(extra)] as const), ...own]);
}
