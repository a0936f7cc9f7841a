import { describe, expect, it } from 'vitest';
import type { DoneWhen } from '../../src/boot/policy.js';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { explainBoot } from '../../src/booter/explanation.js';
import { firmwarePath } from '../../src/booter/firmware-path.js';
import { createMapping, type MappingInput } from '../../src/booter/mapping.js';
import { BootlayerError } from '../../src/errors.js';
import { readLayer } from '../../src/image/contents.js';
import type { ResolvedImage } from '../../src/image/image.js';
import { layerTypeOf } from '../../src/image/media-type.js';
import type { Firmware, MachineFacts } from '../../src/machine/facts.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { ReadySource } from '../fakes/blob-source.js';
import { testBooter } from '../fixtures/booter.js';
import { readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { bzImageHead } from '../fixtures/huge-uki.js';
import { assignment, facts, MAC, machine, OTHER_MAC, UUID } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';
import { neighbours } from '../fixtures/policies.js';
import { program } from '../fixtures/programs.js';
import { rangesOf } from '../fixtures/ranges.js';

const DEFAULTS = { kernelArgs: {} };

function explain(
  said: Partial<MachineFacts>,
  input: Partial<MappingInput> = {},
  image: BootlayerError | ResolvedImage = resolvedImage(),
) {
  const mapping = createMapping({ machines: [machine()], assignments: [assignment()], defaults: DEFAULTS, ...input });
  return explainBoot(facts(said), {
    mapping,
    images: { resolve: () => (image instanceof BootlayerError ? Promise.reject(image) : Promise.resolve(image)) },
    urls: new BootUrls(() => 'http://10.0.2.2:8080'),
    firmwareUrl: (asks) => `https://10.0.2.2:8443${firmwarePath(asks)}`,
  });
}

describe('explainBoot', () => {
  it('shows the very script the machine would get', async () => {
    const { booter } = testBooter();
    const script = await booter.script({ mac: MAC, buildarch: 'x86_64' }, '192.168.77.20');
    const { boot, selection, subject } = await explain({ architecture: 'amd64' });
    expect(boot).toMatchObject({ kind: 'image', script, clients: ['ipxe-bios', 'ipxe-uefi', 'uefi-http'] });
    expect(boot.kind === 'image' && boot.files.map(({ role, url }) => [role, url.split('/').at(-1)])).toEqual([
      ['kernel', 'vmlinuz'],
      ['initramfs', 'initrd'],
    ]);
    expect([selection.kind, subject.name, subject.knownBy]).toEqual(['selected', 'node-01', 'mac']);
  });

  it('shows where each boot has a capability of its own', async () => {
    const assignments = [assignment({ kernelArgs: [{ append: ['done={done.url}'] }] })];
    const { boot } = await explain({ architecture: 'amd64' }, { assignments });
    expect(boot).toMatchObject({
      script: expect.stringContaining('done=http://10.0.2.2:8080/boot/done/<done-capability>') as string,
    });
  });

  it('shows kernel arguments as the machine is given them, and as they are written', async () => {
    const append = ['host={server.host}', 'n={machine.name}', 'both={machine.name}@{server.url}', 'quiet'];
    const { boot } = await explain(
      { architecture: 'amd64' },
      { assignments: [assignment({ kernelArgs: [{ append }] })] },
    );
    expect(boot).toMatchObject({
      preparation: {
        planned: {
          words: [
            { text: 'console=ttyS0', from: 'image' },
            { text: 'host=10.0.2.2', from: 'assignment', written: 'host={server.host}' },
            { text: 'n=node-01', from: 'assignment', written: 'n={machine.name}' },
            { text: 'both=node-01@http://10.0.2.2:8080', written: 'both={machine.name}@{server.url}' },
            { text: 'quiet', from: 'assignment' },
          ],
        },
      },
    });
  });

  it('says who boots the image as its assignment wants it started', async () => {
    const image = resolvedImage(['kernel', 'initramfs', 'uki']);
    const assignments = [assignment({ boot: 'uki' })];
    const { boot } = await explain({ architecture: 'amd64', firmware: ['uefi'] }, { assignments }, image);
    expect(boot).toMatchObject({ kind: 'image', method: 'uki', clients: ['ipxe-uefi', 'uefi-http'] });
  });

  it('says that nobody boots by iPXE what iPXE cannot be given', async () => {
    const image = resolvedImage(['uki'], { contents: { uki: readUkiOf({ commandLine: 'name=é' }) } });
    const clientsOf = async (boot: 'auto' | 'kernel') => {
      const explained = await explain({ architecture: 'amd64' }, { assignments: [assignment({ boot })] }, image);
      return explained.boot.kind === 'image' && explained.boot.clients;
    };
    expect([await clientsOf('auto'), await clientsOf('kernel')]).toEqual([['uefi-http'], []]);
  });

  it('and the very one that refuses', async () => {
    const { booter } = testBooter({ assignments: [] });
    const script = await booter.script({ mac: MAC, buildarch: 'x86_64' }, '192.168.77.20');
    const { boot } = await explain({ architecture: 'amd64' }, { assignments: [] });
    expect(boot).toEqual({ kind: 'nothing', reason: 'no assignment matches this machine', script });
  });

  it.each<Firmware>(['uefi', 'uefi-http'])(
    'and the very one that refuses a UKI that cannot be told where to report, by %s',
    async (firmware) => {
      const bytes = program([
        { name: '.cmdline', contents: 'quiet' },
        { name: '.linux', contents: bzImageHead() },
      ]);
      const uki = { role: 'uki', descriptor: descriptorOf(layerTypeOf('uki'), bytes) } as const;
      const image = resolvedImage([], { artifacts: [uki], contents: await readLayer('uki', rangesOf(bytes)) });
      const kernelArgs = [{ append: ['done={done.url}'] }];
      const assignments = [assignment({ boot: 'uki', policy: { mode: 'once', doneWhen: 'reported' }, kernelArgs })];
      const around = { source: new ReadySource(bytes), neighbours: neighbours({ '192.168.77.20': MAC }) };
      const { booter } = testBooter({ assignments, image, ...around });
      const script = await booter.script({ mac: MAC, buildarch: 'x86_64', platform: 'efi' }, '192.168.77.20');
      expect(script).toContain('a UKI is not told where');
      const { boot } = await explain({ architecture: 'amd64', firmware: [firmware] }, { assignments }, image);
      expect(boot).toMatchObject({ kind: 'image', script, preparation: { kind: 'refused' }, files: [] });
    },
  );

  it('and the very one that waits, of a machine that an entry out of force is for', async () => {
    const reason = 'the assignment mine of the API is out of force';
    const outOfForce = {
      machines: [],
      assignments: [assignment({ name: 'mine', match: { mac: [MAC] }, outOfForce: reason })],
    };
    const { booter } = testBooter();
    booter.remap({ machines: [machine()], assignments: [assignment()], defaults: DEFAULTS, outOfForce });
    const script = await booter.script({ mac: MAC, buildarch: 'x86_64' }, '192.168.77.20');
    const { boot, tried } = await explain({ architecture: 'amd64' }, { outOfForce });
    expect(boot).toEqual({ kind: 'nothing', reason, script });
    expect(tried.map(({ assignment: { name }, outcome }) => [name, outcome])).toEqual([
      ['mine', 'wins'],
      ['all', 'outranked'],
    ]);
  });

  describe('of UEFI HTTP Boot', () => {
    const BOTH = resolvedImage(['kernel', 'initramfs', 'squashfs', 'uki']);
    const said = { macs: [MAC], uuid: UUID, architecture: 'amd64', firmware: ['uefi-http'] } as const;

    it('names the URL that its firmware asks for, and says what becomes of kernel arguments', async () => {
      const { boot } = await explain(said, { defaults: { kernelArgs: { append: ['quiet'] } } }, BOTH);
      const named = boot.kind === 'image' ? boot.files.map(({ role, url }) => [role, url]) : [];
      expect(named).toEqual([
        ['uki', `https://10.0.2.2:8443/uefi/amd64/52-54-00-12-34-56/${UUID}/boot.efi`],
        ['squashfs', expect.stringMatching(/^http:\/\/10\.0\.2\.2:8080\/blobs\/sha256\/\w{64}\/root\.squashfs$/)],
      ]);
      expect(boot).toMatchObject({
        warnings: ['the kernel arguments of the mapping are not given, since a UKI has its own'],
      });
    });

    it('names the same URL for an ISO', async () => {
      const iso = resolvedImage(['iso'], { commandLine: '', contents: { iso: readIsoOf() } });
      const { boot } = await explain(said, {}, iso);
      const named = boot.kind === 'image' ? boot.files.map(({ role, url }) => [role, url]) : [];
      expect(named).toEqual([['iso', `https://10.0.2.2:8443/uefi/amd64/52-54-00-12-34-56/${UUID}/boot.efi`]]);
    });

    it('starts an ISO once by its firmware, which shows when all of it is sent, and is given iPXE where it is to report', async () => {
      const iso = resolvedImage(['iso'], { commandLine: '', contents: { iso: readIsoOf() } });
      const once = async (doneWhen: DoneWhen) =>
        (await explain(said, { assignments: [assignment({ policy: { mode: 'once', doneWhen } })] }, iso)).boot;
      const byFirmware = await once('started');
      expect(byFirmware).toMatchObject({ preparation: { planned: { plan: { kind: 'iso', by: 'firmware' } } } });
      expect(byFirmware).not.toHaveProperty('loader');
      expect(await once('reported')).toMatchObject({
        loader: 'it is to report that it is done, and what firmware starts is not told where',
        preparation: { planned: { choice: { way: 'iso-files', by: 'ipxe' } } },
      });
    });

    it('has nothing to say of arguments that nobody wants, or that iPXE gives', async () => {
      const nothing = { kernelArgs: { append: [], replace: {} } };
      const defaults = { kernelArgs: { append: ['quiet'] } };
      expect((await explain(said, { defaults: nothing }, BOTH)).boot).toMatchObject({
        preparation: { planned: { plan: { kind: 'uki', by: 'firmware' } } },
        warnings: [],
      });
      const byIpxe = await explain({ ...said, firmware: ['uefi'] }, { defaults }, BOTH);
      expect(byIpxe.boot).toMatchObject({ client: 'ipxe-uefi', warnings: [] });
      const without = await explain(said, { defaults });
      const loader = 'registry.lab:5000/os/debian:12 is started by iPXE: it has no UKI';
      expect(without.boot).toMatchObject({
        ...{ client: 'uefi-http', loader, warnings: [] },
        preparation: { kind: 'ready', planned: { plan: { kind: 'kernel' } } },
      });
    });
  });

  it('says what was not said, and what waits for it', async () => {
    const assignments = [
      assignment({ name: 'serial', match: { serial: ['S1'] } }),
      assignment({ name: 'other', match: { mac: [OTHER_MAC], asset: ['A'] } }),
      assignment(),
    ];
    const { missing, selection, tried, boot } = await explain({ architecture: 'amd64' }, { assignments });
    expect(missing).toEqual(['serial']);
    expect(selection).toMatchObject({ kind: 'undecided', assignment: { name: 'serial' }, fallback: { name: 'all' } });
    expect(tried.map(({ outcome }) => outcome)).toEqual(['differs', 'open', 'wins']);
    expect(boot).toMatchObject({ kind: 'image', assignment: 'all' });
  });

  it('explains a machine without an architecture, an image that cannot be had, and one that does not boot', async () => {
    expect((await explain({})).boot).toMatchObject({
      kind: 'nothing',
      reason: expect.stringContaining('architecture') as string,
    });
    const gone = new BootlayerError('REGISTRY_UNREACHABLE', 'no route', { remedy: 'mend it' });
    expect((await explain({ architecture: 'amd64' }, {}, gone)).boot).toEqual({
      kind: 'unresolved',
      assignment: 'all',
      code: 'REGISTRY_UNREACHABLE',
      reason: 'no route; mend it',
      script: expect.stringContaining('node-01 waits (1 of 60): no route') as string,
    });
    const none = new BootlayerError('IMAGE_NO_PLATFORM', 'it has linux/arm64');
    expect((await explain({ architecture: 'amd64' }, {}, none)).boot).toMatchObject({
      code: 'IMAGE_NO_PLATFORM',
      script: expect.stringContaining('nothing to boot for node-01') as string,
    });
    const assignments = [assignment({ kernelArgs: [{ append: ['${x}'] }] })];
    expect((await explain({ architecture: 'amd64' }, { assignments })).boot).toMatchObject({
      kind: 'image',
      preparation: { kind: 'refused' },
      script: expect.stringContaining('nothing to boot for node-01') as string,
      files: [],
    });
  });
});
