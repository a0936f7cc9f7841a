import type { ImageMethod } from '../boot/boot-method.js';
import { UNMET_TEXTS } from '../boot/choose-way.js';
import { explainSelection, type Tried } from '../boot/explain.js';
import { describeShortage } from '../boot/memory-need.js';
import { artifactsOf, type BootPlan, type PlanInput, startOf } from '../boot/plan.js';
import { BOOTS_DISK, type Policy } from '../boot/policy.js';
import { type Selection, settle } from '../boot/select.js';
import { BootlayerError, describeError, type ErrorCode, publicMessage } from '../errors.js';
import type { Client } from '../image/bootable.js';
import type { Artifact, ResolvedImage } from '../image/image.js';
import type { MachineFacts } from '../machine/facts.js';
import type { Subject } from '../machine/inventory.js';
import type { SelectorKey } from '../machine/selector.js';
import type { Provision } from '../provision/provision.js';
import { localScript, refusalOf, waitingScript } from './boot-script.js';
import type { BootUrls } from './boot-urls.js';
import { explainProvision, type FilesRead, type ProvisionExplanation } from './explained-provision.js';
import type { FirmwareAsks } from './firmware-path.js';
import { givenWords } from './given-words.js';
import { judgeImage } from './judged-image.js';
import { unledBecause } from './led-machines.js';
import type { Images } from './mapped-images.js';
import { assignmentFor, type Mapping } from './mapping.js';
import { ARCHITECTURE_UNKNOWN, mayPass, NO_ASSIGNMENT, type Prepared, prepareBoot, wishOf } from './preparation.js';
import { clientOf, firstStarter } from './starter.js';

/** Everything that is decided for a machine, and why, without a machine. Nothing of it counts as a boot. */
export type Explanation = {
  readonly subject: Subject;
  /** Keys that assignments, or the choice of an image, wait for, and of which nothing was said. */
  readonly missing: readonly SelectorKey[];
  readonly selection: Selection;
  /** In the order of preference. */
  readonly tried: readonly Tried[];
  readonly boot: BootExplanation;
};

/** What the machine would be told by the script step, which takes every unknown for a no. */
export type BootExplanation =
  | { readonly kind: 'nothing'; readonly reason: string; readonly script: string }
  | {
      readonly kind: 'unresolved';
      readonly assignment: string;
      readonly code: ErrorCode;
      readonly reason: string;
      /** What the machine gets meanwhile: it waits, or goes on. */
      readonly script: string;
    }
  | {
      readonly kind: 'image';
      readonly assignment: string;
      /** How often: where the machine stands with it is known to a running server alone. */
      readonly policy: Policy;
      readonly image: ResolvedImage;
      /** How its assignment wants the image started. */
      readonly method: ImageMethod;
      /** What the image boots so. */
      readonly clients: readonly Client[];
      /** What this machine comes as; missing while its firmware is not known. */
      readonly client?: Client;
      /** What starts it in the end. */
      readonly preparation: Prepared['preparation'];
      /** Why UEFI HTTP Boot is given iPXE, where it is. */
      readonly loader?: string;
      /** What the machine gets: the plan's, or one that says why there is none; missing where its firmware needs none. */
      readonly script?: string;
      readonly files: readonly ExplainedFile[];
      /** Missing where its assignment hands nothing out. */
      readonly provision?: ProvisionExplanation;
      /** What somebody will not have meant. */
      readonly warnings: readonly string[];
    };

/** `url`: where the machine asks for it. */
export type ExplainedFile = Artifact & { readonly url: string };

export type ExplanationParts = {
  readonly mapping: Mapping;
  readonly images: Pick<Images, 'resolve'>;
  readonly urls: BootUrls;
  /** Where UEFI HTTP Boot is told to ask. */
  readonly firmwareUrl: (asks: FirmwareAsks) => string;
  /** Missing where documents are not to be shown. */
  readonly filesFor?: (provision: Provision) => Promise<FilesRead>;
};

/** Never throws: an image that cannot be resolved is part of the explanation. */
export async function explainBoot(facts: MachineFacts, parts: ExplanationParts): Promise<Explanation> {
  const { inventory, index } = parts.mapping;
  const subject = inventory.identify(facts);
  const tried = explainSelection(index.ordered, subject);
  const selection = assignmentFor(parts.mapping, subject);
  const winner = settle(selection);
  return {
    subject,
    missing: missingKeys(tried, winner !== undefined && subject.facts.architecture === undefined),
    selection,
    tried,
    boot: await explainImage(subject, winner, parts),
  };
}

async function explainImage(
  subject: Subject,
  assignment: ReturnType<typeof settle>,
  parts: ExplanationParts,
): Promise<BootExplanation> {
  const { mapping, images, urls } = parts;
  if (assignment === undefined) return nothing(subject, NO_ASSIGNMENT);
  if (assignment.outOfForce !== undefined) return waits(subject, assignment.outOfForce, urls);
  const { boot: method } = assignment;
  if (method === 'local') return local(subject);
  const wish = wishOf(subject, assignment);
  if (wish === undefined) return nothing(subject, ARCHITECTURE_UNKNOWN);
  try {
    const image = await images.resolve(assignment.image, wish);
    const whom = { subject, assignment };
    const client = clientOf(subject.facts);
    const starter = firstStarter(subject.facts, wish.architecture);
    const { preparation, loader } = prepareBoot(whom, image, { defaults: mapping.defaults.kernelArgs, urls, starter });
    const plan = preparation.kind === 'ready' ? preparation.planned.plan : undefined;
    const script = preparation.kind === 'ready' ? preparation.script : refusalOf(subject, preparation.reason);
    return {
      kind: 'image',
      assignment: assignment.name,
      policy: assignment.policy,
      image,
      method,
      clients: judgeImage(image, { architecture: wish.architecture, boot: method, iso: assignment.iso }).clients,
      ...(client !== undefined && { client }),
      preparation: asGiven(preparation, urls),
      ...(loader !== undefined && { loader }),
      ...(script !== undefined && { script }),
      files: filesOf(plan, subject.facts, parts),
      ...(await provisionOf({ subject, assignment, image }, { preparation, starter }, parts)),
      warnings: preparation.kind === 'ready' ? warningsOf(preparation) : [],
    };
  } catch (thrown) {
    const error = BootlayerError.from(thrown);
    const shown = publicMessage(error);
    const script = mayPass(error)
      ? waitingScript(urls, { machine: subject.name, reason: shown, attempt: 1 })
      : refusalOf(subject, shown);
    const { code } = error;
    return { kind: 'unresolved', assignment: assignment.name, code, reason: describeError(error), script };
  }
}

async function provisionOf(
  whose: Pick<PlanInput, 'subject' | 'assignment' | 'image'>,
  { preparation, starter }: Pick<Prepared, 'preparation'> & Pick<PlanInput, 'starter'>,
  { urls, filesFor }: ExplanationParts,
): Promise<{ readonly provision?: ProvisionExplanation }> {
  const { assignment, image } = whose;
  if (assignment.provision === undefined) return {};
  const unled = unledBecause(preparation, { assignment, image, starter });
  return { provision: await explainProvision(whose, assignment.provision, { urls, unled, filesFor }) };
}

function warningsOf({ planned, shortage }: Extract<Prepared['preparation'], { kind: 'ready' }>): readonly string[] {
  const unmet = planned.choice.unmet.map((one) => UNMET_TEXTS[one]);
  return shortage === undefined ? unmet : [...unmet, describeShortage(shortage)];
}

function asGiven(preparation: Prepared['preparation'], urls: BootUrls): Prepared['preparation'] {
  if (preparation.kind === 'refused') return preparation;
  const { planned } = preparation;
  return { ...preparation, planned: { ...planned, words: givenWords(planned, urls) } };
}

function nothing(subject: Subject, reason: string): BootExplanation {
  return { kind: 'nothing', reason, script: refusalOf(subject, reason) };
}

/** Where it boots its disk, and not because it was told to once. */
function local(subject: Subject): BootExplanation {
  return {
    kind: 'nothing',
    reason: `its local disk is, since ${BOOTS_DISK}`,
    script: localScript(subject, 'assigned', BOOTS_DISK),
  };
}

/** Its own script shows that for a while, and leaves it to its disk then. */
function waits({ name: machine }: Subject, reason: string, urls: BootUrls): BootExplanation {
  return { kind: 'nothing', reason, script: waitingScript(urls, { machine, reason, attempt: 1 }) };
}

function filesOf(
  plan: BootPlan | undefined,
  { macs: [mac], uuid, architecture }: MachineFacts,
  { urls, firmwareUrl }: Pick<ExplanationParts, 'urls' | 'firmwareUrl'>,
): readonly ExplainedFile[] {
  const asks = { ...(mac !== undefined && { mac }), ...(uuid !== undefined && { uuid }) };
  const isByFirmware = plan !== undefined && plan.kind !== 'kernel' && plan.by === 'firmware';
  const started = isByFirmware ? startOf(plan)[0] : undefined;
  const urlOf = (artifact: Artifact) =>
    // The firmware knows no other, whatever is behind it.
    artifact === started && architecture !== undefined ? firmwareUrl({ ...asks, architecture }) : urls.blob(artifact);
  return (plan === undefined ? [] : artifactsOf(plan)).map((artifact) => ({ ...artifact, url: urlOf(artifact) }));
}

/** Keys that are why an assignment before the winner cannot be judged yet, or why its image cannot be chosen. */
function missingKeys(tried: readonly Tried[], lacksArchitecture: boolean): readonly SelectorKey[] {
  const waiting = tried.filter(({ outcome }) => outcome === 'open');
  const open = waiting.flatMap(({ keys }) => keys.filter(({ answer }) => answer === 'unknown').map(({ key }) => key));
  return [...new Set(lacksArchitecture ? [...open, 'arch' as const] : open)].sort();
}
