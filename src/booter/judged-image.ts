import type { IsoWish } from '../boot/assignment.js';
import type { ImageMethod } from '../boot/boot-method.js';
import { type ClientRefusal, type JudgedClients, judgeEach, wayRefusal } from '../boot/judged-clients.js';
import type { Client } from '../image/bootable.js';
import { placeholdersIn } from '../image/command-line.js';
import type { ImageContents, ResolvedImage } from '../image/image.js';
import { parsePlaceholder } from '../image/placeholders.js';
import { firstProfile } from '../image/ways.js';
import type { Machine } from '../machine/machine.js';
import { digestOf } from '../oci/digest.js';
import { BootUrls } from './boot-urls.js';
import { anybody, isRefusedForAll, prepareAs, reporting } from './check-target.js';
import { createMapping } from './mapping.js';
import { nobodys } from './next-boot.js';
import { ANY_ARCHITECTURE } from './preparation.js';

/** What of an image can be judged before anybody has mapped it. */
export type UnmappedImage = Pick<ResolvedImage, 'artifacts' | 'commandLine' | 'contents'>;

/** For which machines, and how an assignment would want it started. */
export type ImageUse = {
  /** Where it is missing: what the layers are for, or any, which takes the image. */
  readonly architecture?: string | undefined;
  readonly boot?: ImageMethod;
  /** What it would say of an ISO. */
  readonly iso?: IsoWish | undefined;
};

/**
 * Who would boot an image where nothing more is said of it than that it is mapped, by the rules of a boot: its kernel arguments count,
 * which iPXE may not be able to carry. Pure.
 */
export function judgeImage(image: UnmappedImage, use: ImageUse = {}): JudgedClients {
  const { architecture = architectureIn(image.contents) ?? ANY_ARCHITECTURE, boot = 'auto', iso } = use;
  return judgeEach(
    architecture,
    (client) =>
      wayRefusal(image, { client, architecture }, boot) ?? argumentsRefusal(image, client, { architecture, boot, iso }),
  );
}

/** Of layers that say so themselves. */
function architectureIn({ kernel, uki }: ImageContents = {}): string | undefined {
  const ofUki = uki?.kind === 'uki' ? uki.uki.architecture : undefined;
  return kernel?.architecture ?? ofUki;
}

function argumentsRefusal(
  image: UnmappedImage,
  client: Client,
  { architecture, boot, iso }: Required<ImageUse> & { readonly architecture: string },
): ClientRefusal | undefined {
  const others = anybody(architecture);
  const subject = { ...others, machine: recorded(others.name, image), facts: reporting(others.facts) };
  const whom = { subject, assignment: { ...nobodys(subject.name), boot, ...(iso !== undefined && { iso }) } };
  const prepared = prepareAs(client, whom, mapped(image, architecture), { mapping: NO_MAPPING, urls: SHORT_URLS });
  return isRefusedForAll(prepared) ? { kind: 'arguments', reason: prepared.reason } : undefined;
}

/** One of which everything is known that arguments may ask for: what is wanting of a machine is no fault of the image. */
function recorded(name: string, { commandLine, contents }: UnmappedImage): Machine {
  const ofUki = firstProfile({ artifacts: [], contents })?.commandLine ?? '';
  const labels = [commandLine, ofUki].flatMap(placeholdersIn).flatMap((one) => {
    const placeholder = parsePlaceholder(one);
    return placeholder.kind === 'label' ? [[placeholder.label, 'l'] as const] : [];
  });
  return { name, macs: [], hostname: 'h', labels: Object.fromEntries(labels), kernelArgs: {} };
}

/** Arguments are too long only where they are so with every server: no URL is shorter. */
const SHORT_URLS = new BootUrls(() => 'http://s');
const NO_MAPPING = createMapping({ machines: [], assignments: [], defaults: { kernelArgs: {} } });
const SOME_DIGEST = digestOf(Buffer.alloc(0));

function mapped({ artifacts, commandLine, contents }: UnmappedImage, architecture: string): ResolvedImage {
  return {
    ...{ reference: 'image', location: 'image', digest: SOME_DIGEST, manifestDigest: SOME_DIGEST },
    ...{ platform: { os: 'linux', architecture }, artifacts, commandLine },
    ...(contents !== undefined && { contents }),
  };
}
