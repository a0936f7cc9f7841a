import { expect, it } from 'vitest';
import { planBoot } from '../../src/boot/plan.js';
import { planScript } from '../../src/booter/boot-script.js';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { readUkiOf } from '../fixtures/contents.js';
import { assignment, facts } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

/** On a board whose kernel takes 1024 bytes, a UKI that takes those of the image. */
function scriptOfUki(commandLine: string) {
  const architecture = 'riscv64';
  const planning = planBoot({
    subject: { name: 'node-01', facts: facts({ architecture }), contradictions: [], mayBeKnown: false },
    image: resolvedImage(['uki', 'squashfs'], {
      contents: { uki: readUkiOf({ architecture, hasNoCommandLine: true }) },
      commandLine,
    }),
    ...{ assignment: assignment(), defaults: {}, starter: { client: 'ipxe-uefi', architecture } },
  });
  if (planning.kind !== 'plan') return expect.unreachable(planning.reason);
  expect(planning.plan.kind).toBe('uki');
  return planScript(planning.plan, new BootUrls(() => 'http://10.0.2.2:8080'));
}

it('holds no more arguments of a UKI than its kernel takes, once their URLs are filled in', () => {
  const url = 'root={blob.squashfs.url}';
  expect(scriptOfUki(`${url} ${'x'.repeat(800)}`)).toMatchObject({ kind: 'script' });
  expect(scriptOfUki(`${url} ${'x'.repeat(950)}`)).toEqual({
    kind: 'refused',
    reason: expect.stringMatching(/^its kernel arguments are 10\d\d bytes long, and 101\d fit$/) as string,
  });
});
