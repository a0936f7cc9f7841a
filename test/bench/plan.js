import { figure, median, printTable } from './figures.js';

/** @typedef {import('../../src/image/image.js').ResolvedImage} ResolvedImage */
/** @typedef {import('../../src/boot/plan.js').PlanInput} PlanInput */
/** @typedef {import('../../src/image/role.js').Role} Role */

/**
 * The program as built, so that what is measured is what runs.
 * @template T @param {string} path @returns {Promise<T>}
 */
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

const SIZES = {
  full: { machines: 10_000, images: 50, rounds: 9 },
  smoke: { machines: 200, images: 50, rounds: 1 },
};

/** @typedef {typeof SIZES.full} Sizes */

const KERNEL = /** @type {const} */ ({ kind: 'bzimage', architecture: 'amd64', hasEfiStub: true });
const UKI_LAYOUT = {
  linux: { offset: 4_096, length: 9_000_000 },
  initrds: [{ offset: 9_004_096, length: 40_000_000 }],
};

/** @param {boolean} isSigned @param {string} [commandLine] */
const ukiOf = (isSigned, commandLine) => ({
  kind: /** @type {const} */ ('uki'),
  uki: {
    ...{ architecture: 'amd64', isSigned },
    profiles: /** @type {const} */ ([
      { ...UKI_LAYOUT, kernel: KERNEL, ...(commandLine !== undefined && { commandLine }) },
    ]),
  },
});

const LAYERS = /** @type {const} */ (['kernel', 'initramfs', 'squashfs']);
/** @type {readonly { roles: readonly Role[], contents: ResolvedImage['contents'], kernelArgs: string }[]} */
const HOLDINGS = [
  { roles: LAYERS, contents: { kernel: KERNEL }, kernelArgs: '{ preset: garden-linux, consoles: true }' },
  { roles: LAYERS, contents: { kernel: KERNEL }, kernelArgs: '{ preset: dracut-live, append: [rd.live.ram=1] }' },
  { roles: LAYERS, contents: {}, kernelArgs: '{ preset: debian-live, remove: [quiet] }' },
  {
    roles: ['uki'],
    contents: { uki: ukiOf(false, 'console=tty0 quiet root=LABEL=root') },
    kernelArgs: '{ consoles: true }',
  },
  { roles: ['uki'], contents: { uki: ukiOf(true, 'console=tty0 quiet') }, kernelArgs: '{ preset: talos }' },
  { roles: ['uki'], contents: { uki: ukiOf(false) }, kernelArgs: '{ preset: flatcar-live }' },
  {
    roles: [...LAYERS, 'uki'],
    contents: { kernel: KERNEL, uki: ukiOf(false, 'quiet') },
    kernelArgs: '{ preset: fedora-coreos-live, append: [systemd.log_level=info] }',
  },
  { roles: [...LAYERS, 'uki'], contents: { kernel: KERNEL, uki: ukiOf(true, 'quiet') }, kernelArgs: '{}' },
];

/**
 * What is decided for each machine once it is known who it is and what its image holds, and the same with the script.
 * @param {{ smoke: boolean }} options
 */
export async function benchPlan({ smoke }) {
  const sizes = smoke ? SIZES.smoke : SIZES.full;
  /** @type {typeof import('../../src/boot/plan.js')} */
  const { planBoot } = await built('boot/plan.js');
  /** @type {typeof import('../../src/booter/boot-script.js')} */
  const { planScript } = await built('booter/boot-script.js');
  /** @type {typeof import('../../src/booter/placeholder-urls.js')} */
  const { SOME_CAPABILITIES } = await built('booter/placeholder-urls.js');
  /** @type {typeof import('../../src/booter/boot-urls.js')} */
  const { BootUrls } = await built('booter/boot-urls.js');
  const inputs = await inputsOf(sizes);
  const urls = new BootUrls(() => 'http://10.0.0.1:8080');

  /** What starts it in the end: UEFI HTTP Boot may be given iPXE first. @param {PlanInput} input */
  const plan = (input) => {
    const first = planBoot(input);
    if (first.kind !== 'loader') return first;
    return planBoot({ ...input, starter: { ...input.starter, client: 'ipxe-uefi' } });
  };
  /** @param {PlanInput} input */
  const script = (input) => {
    const planning = plan(input);
    return planning.kind === 'plan' ? planScript(planning.plan, urls, { given: SOME_CAPABILITIES }) : planning;
  };
  for (const input of inputs) requirePlan(input, plan(input));
  const rows = Object.entries({ plan, 'plan and script': script }).map(([what, work]) => {
    const means = Array.from({ length: sizes.rounds }, () => meanMicroseconds(inputs, work));
    return [what, figure(Math.min(...means)), figure(median(means))];
  });
  printTable(
    `planning ${sizes.machines} machines and ${sizes.images} images, with presets and kernel arguments`,
    ['of each', 'mean us, best round', 'median round'],
    rows,
  );
}

/** @param {readonly PlanInput[]} inputs @param {(input: PlanInput) => unknown} work */
function meanMicroseconds(inputs, work) {
  const started = performance.now();
  for (const input of inputs) work(input);
  return ((performance.now() - started) * 1000) / inputs.length;
}

/** What is refused costs little, and would spoil the mean. @param {PlanInput} input @param {import('../../src/boot/plan.js').Planning} planning */
function requirePlan({ image, starter }, planning) {
  if (planning.kind === 'plan') return;
  throw new Error(`no plan for ${image.reference} on ${JSON.stringify(starter)}: ${planning.reason}`);
}

/** Machines that come as each client in turn. @param {Sizes} sizes @returns {Promise<readonly PlanInput[]>} */
async function inputsOf({ machines, images }) {
  /** @type {typeof import('../../src/config/read.js')} */
  const { readConfigText } = await built('config/read.js');
  /** @type {typeof import('../../src/booter/mapping.js')} */
  const { assignmentFor, createMapping } = await built('booter/mapping.js');
  /** @type {typeof import('../../src/net/mac.js')} */
  const { parseMac } = await built('net/mac.js');
  /** @type {typeof import('../../src/oci/digest.js')} */
  const { digestOf } = await built('oci/digest.js');
  const { config } = readConfigText(configuration(machines, images), '/etc/bootlayer/bootlayer.yaml', {});
  const mapping = createMapping(config);
  const resolved = Array.from({ length: images }, (_, number) => resolvedImage(number, digestOf));
  return Array.from({ length: machines }, (_, number) => {
    const mac = parseMac(macOf(number));
    const facts = { macs: mac === undefined ? [] : [mac], sourceAddress: '10.0.0.1', architecture: 'amd64' };
    const subject = mapping.inventory.identify(facts);
    const selection = assignmentFor(mapping, subject);
    const image = resolved[number % images];
    if (selection.kind !== 'selected' || image === undefined) throw new Error(`${subject.name} has no assignment`);
    const starter = STARTERS[number % STARTERS.length] ?? STARTERS[0];
    return { subject, assignment: selection.assignment, image, defaults: mapping.defaults.kernelArgs, starter };
  });
}

const STARTERS = /** @type {const} */ ([
  { client: 'ipxe-bios', architecture: 'amd64' },
  { client: 'ipxe-uefi', architecture: 'amd64', secureBoot: false },
  { client: 'uefi-http', architecture: 'amd64' },
]);

/** @param {number} number @param {(bytes: Buffer) => import('../../src/oci/digest.js').Digest} digestOf @returns {ResolvedImage} */
function resolvedImage(number, digestOf) {
  const { roles, contents } = holdingOf(number);
  const digest = digestOf(Buffer.from(`image ${number}`));
  return {
    reference: referenceOf(number),
    location: `registry.lab:5000/os/image-${number}`,
    ...{ digest, manifestDigest: digest, platform: { os: 'linux', architecture: 'amd64' } },
    artifacts: roles.map((role) => ({
      role,
      descriptor: { mediaType: role, digest: digestOf(Buffer.from(`${role} ${number}`)), size: 50_000_000 },
    })),
    commandLine: 'quiet console=ttyS1 ip=dhcp root=LABEL=root -- single',
    ...(contents !== undefined && { contents }),
  };
}

/** @param {number} number */
function holdingOf(number) {
  const holding = HOLDINGS[number % HOLDINGS.length];
  if (holding === undefined) throw new RangeError(`there is no image ${number}`);
  return holding;
}

/** @param {number} number */
const referenceOf = (number) => `registry.lab:5000/os/image-${number}:1`;

/** Everybody says something: all, a named set, the assignment, each tenth machine. @param {number} machines @param {number} images */
function configuration(machines, images) {
  const machineLines = Array.from({ length: machines }, (_, number) => {
    const own = number % 10 === 0 ? ', kernelArgs: { replace: { loglevel: "7" } }' : '';
    return `  - { name: node-${number}, mac: "${macOf(number)}", labels: { image: i${number % images}, rack: r${number % 400} }${own} }`;
  });
  const assignmentLines = Array.from({ length: images }, (_, number) => {
    const match = `{ labels: { image: i${number} } }`;
    return `  - { name: a-${number}, match: ${match}, image: "${referenceOf(number)}", defaults: rack, kernelArgs: ${holdingOf(number).kernelArgs} }`;
  });
  return [
    'defaults:',
    '  kernelArgs: { append: [loglevel=4] }',
    '  named: { rack: { kernelArgs: { append: ["rack={machine.label.rack}", "hostname={machine.name}", "BOOTIF=01-{machine.mac.hyphens}"] } } }',
    ...['machines:', ...machineLines, 'assignments:', ...assignmentLines, ''],
  ].join('\n');
}

/** @param {number} number */
function macOf(number) {
  const hex = number.toString(16).padStart(6, '0');
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}
