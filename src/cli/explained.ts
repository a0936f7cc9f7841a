import { advertisedUrl } from '../advertise.js';
import { resolutionName } from '../boot/ports.js';
import { type FirmwareBaseInput, nearerBases } from '../booter/base-url.js';
import { BootUrls } from '../booter/boot-urls.js';
import type { CheckParts } from '../booter/check.js';
import type { Images } from '../booter/mapped-images.js';
import { ImageSources } from '../catalog/image-sources.js';
import { architecturesIn, inspectImage } from '../catalog/inspect.js';
import { CONTENTS_MILLISECONDS, KnownContents } from '../catalog/known-contents.js';
import { Resolver } from '../catalog/resolver.js';
import { systemClock } from '../clock.js';
import type { Config } from '../config/schema.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import { formatReference, type ImageReference } from '../oci/reference.js';
import type { ServedInterface } from '../pxe/served-interfaces.js';
import { openRegistries, settingsIn } from '../registries.js';
import { warnOnStderr } from './common.js';

/**
 * Images as `check` and `plan` look at them: straight from their sources, each asked once, and nothing of it kept,
 * since the state belongs to the server that may be running.
 */
export async function explainedImages<T>(
  config: Config,
  work: (images: CheckParts['images'] & Pick<Images, 'resolve'>) => Promise<T>,
): Promise<T> {
  const registries = openRegistries((registry) => settingsIn(config, registry), warnOnStderr);
  const sources = new ImageSources(registries);
  const contents = new KnownContents(systemClock);
  const resolved = new Map<string, Promise<ResolvedImage>>();
  const resolveOnce = async (reference: ImageReference, wish: ImageWish): Promise<ResolvedImage> => {
    const source = sources.of(reference);
    const image = await new Resolver(source, (name) => source.fetchDocument(name), reference, wish).resolve();
    return contents.added(image, { source, stored: undefined, patience: CONTENTS_MILLISECONDS });
  };
  const resolve = (reference: ImageReference, wish: ImageWish) => {
    const name = resolutionName({ reference: formatReference(reference), wish });
    const known = resolved.get(name) ?? resolveOnce(reference, wish);
    resolved.set(name, known);
    return known;
  };
  const held = new Map<string, Promise<readonly string[]>>();
  const architecturesOf = (reference: ImageReference) => {
    const name = formatReference(reference);
    const known = held.get(name) ?? inspectImage(sources.of(reference), reference).then(architecturesIn);
    held.set(name, known);
    return known;
  };
  try {
    return await work({ resolve, architecturesOf });
  } finally {
    contents.close();
    await registries.close();
  }
}

/** The URLs a machine would be given; where nothing says how machines reach this host, a name that says so. */
export function explainedUrls(config: Config, served: readonly ServedInterface[] = []): BootUrls {
  const base = baseOf(config);
  const nearer = nearerBases({ advertise: config.advertise, interfaces: served }, config.http.listen.port);
  return new BootUrls(
    () => base,
    () => nearer,
  );
}

/** Where HTTP and HTTPS are to listen. */
export function portsOf({ http: { listen, tls } }: Pick<Config, 'http'>): FirmwareBaseInput['ports'] {
  return { http: listen.port, ...(tls !== undefined && { https: tls.listen.port }) };
}

function baseOf(config: Config): string {
  const { port } = config.http.listen;
  try {
    return advertisedUrl(config, port);
  } catch {
    return `http://set-advertise.invalid:${port}`;
  }
}
