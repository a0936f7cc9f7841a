import { Command } from 'commander';
import type { JudgedClients } from '../boot/judged-clients.js';
import { judgeImage } from '../booter/judged-image.js';
import { type ImageReport, inspectImage, type ManifestReport } from '../catalog/inspect.js';
import { type InspectedImage, inspectContents } from '../catalog/inspect-contents.js';
import { formatBytes, harmless } from '../format.js';
import type { ImageContents } from '../image/image.js';
import { withJson } from './common.js';
import { kernelLine, ukiLines } from './content-lines.js';
import { type PlacesOptions, readReference, withImages, withPlacesOptions } from './image-places.js';
import { isoLines } from './iso-lines.js';
import { emphasize, type Output, standardOutput, writeJson, writeLine, writeTable } from './output.js';

type InspectOptions = PlacesOptions & { readonly json?: true };

/** With what its layers are, and who boots it therefore. */
type ShownManifest = ManifestReport & ImageContents & JudgedClients;
type ShownImage = Omit<ImageReport, 'manifests'> & { readonly manifests: readonly ShownManifest[] };

export function inspectCommand(): Command {
  return withJson(withPlacesOptions(new Command('inspect')))
    .description('show what an image holds, for every platform, and which clients it can boot')
    .argument('<reference>', 'registry/repository[:tag][@digest], or oci:<folder>[:tag][@digest]')
    .action(inspect);
}

async function inspect(text: string, options: InspectOptions): Promise<void> {
  const reports = await withImages(options, [readReference(text)], (references, sources) =>
    Promise.all(
      references.map(async (reference) => {
        const source = sources.own(reference);
        return judged(await inspectContents(source, await inspectImage(source, reference)));
      }),
    ),
  );
  const output = standardOutput();
  for (const report of reports) {
    if (options.json) writeJson(output, report);
    else writeReport(output, report);
  }
}

function judged(image: InspectedImage): ShownImage {
  const manifests = image.manifests.map(({ contents, ...manifest }) => {
    const { architecture } = manifest;
    return { ...manifest, ...contents, ...judgeImage({ ...manifest, contents }, { architecture }) };
  });
  return { ...image, manifests };
}

function writeReport(output: Output, report: ShownImage): void {
  writeLine(output, emphasize(output, 'bold', report.reference));
  writeLine(output, `digest  ${report.digest}`);
  writeLine(output, `type    ${harmless(report.mediaType)}`);
  writeAnnotations(output, report.annotations);
  for (const manifest of report.manifests) writeManifest(output, manifest);
  if (report.manifests.length === 0) writeLine(output, 'It holds no manifest.');
}

function writeManifest(output: Output, manifest: ShownManifest): void {
  const variant = manifest.variant === undefined ? '' : `, ${harmless(manifest.variant)}`;
  writeLine(output, '');
  writeLine(output, emphasize(output, 'bold', `${harmless(manifest.platform)}${variant}`));
  writeLine(output, `digest  ${manifest.digest}`);
  for (const line of clientLines(manifest)) writeLine(output, line);
  if (manifest.commandLine !== '') writeLine(output, `cmdline ${harmless(manifest.commandLine)}`);
  if (manifest.kernel !== undefined) writeLine(output, `kernel  ${kernelLine(manifest.kernel)}`);
  for (const line of manifest.uki === undefined ? [] : ukiLines(manifest.uki)) writeLine(output, `uki     ${line}`);
  for (const line of manifest.iso === undefined ? [] : isoLines(manifest.iso)) writeLine(output, `iso     ${line}`);
  const rows = manifest.artifacts.map(({ role, descriptor }) => [
    role,
    formatBytes(descriptor.size),
    descriptor.digest,
  ]);
  if (rows.length > 0) writeTable(output, ['ROLE', 'SIZE', 'DIGEST'], rows);
}

function clientLines({ clients, refused, reason }: ShownManifest): readonly string[] {
  if (reason !== undefined) return [`boots   nothing: ${harmless(reason)}`];
  return [
    `boots   ${clients.join(', ')}`,
    ...refused.map((one) => `        not ${one.client}: ${harmless(one.reason)}`),
  ];
}

function writeAnnotations(output: Output, annotations: ImageReport['annotations']): void {
  for (const [name, value] of Object.entries(annotations))
    writeLine(output, `note    ${harmless(name)}=${harmless(value)}`);
}
