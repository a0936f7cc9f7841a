import type { DocumentUrls } from '../boot/document-values.js';
import type { BootUrls } from './boot-urls.js';
import type { GivenCapabilities } from './placeholder-urls.js';

/** What documents may name of this server, by these capabilities. Pure. */
export function documentUrls(urls: BootUrls, { done, provision }: GivenCapabilities): DocumentUrls {
  const url = urls.base();
  return {
    server: { url, host: new URL(url).hostname },
    done: { url: urls.done(done) },
    provision: { url: urls.provision(provision) },
  };
}
