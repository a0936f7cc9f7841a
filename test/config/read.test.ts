import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { ASSIGNMENT, FILE, read, refusal } from '../fixtures/configuration-texts.js';
import { MAC, UUID } from '../fixtures/mappings.js';

describe('a good configuration', () => {
  it('is the sample, whole', async () => {
    const file = fileURLToPath(new URL('../../deploy/bootlayer.yaml', import.meta.url));
    const { config, warnings } = await loadConfig({ file, env: {}, cwd: '/' });
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      advertise: { kind: 'address', address: '192.168.77.1' },
      data: '/var/lib/bootlayer',
      http: { listen: { host: '0.0.0.0', port: 8080 } },
      registries: new Map([['registry.lab:5000', { plainHttp: true }]]),
      defaults: { kernelArgs: { append: ['console=ttyS0'] } },
      machines: [
        {
          name: 'node-01',
          macs: [MAC, '52:54:00:12:34:57'],
          uuid: UUID,
          architecture: 'amd64',
          labels: { rack: 'r1', role: 'worker' },
        },
      ],
      assignments: [
        {
          name: 'node-01',
          priority: 0,
          match: { machine: ['node-01'] },
          image: { kind: 'registry', registry: 'registry.lab:5000', repository: 'os/debian', tag: '12' },
          variant: 'metal',
          kernelArgs: [{ remove: ['quiet'], replace: { loglevel: '4' } }],
        },
        { match: { labels: { role: ['worker'] }, ip: [{ address: '192.168.77.0', prefixLength: 24 }] } },
        { match: { arch: ['arm64'] } },
        {
          priority: -1,
          match: {},
          image: {
            kind: 'layout',
            folder: join(fileURLToPath(new URL('../../deploy', import.meta.url)), 'images/rescue'),
          },
        },
      ],
    });
  });

  it('has defaults for everything, and a warning when it boots nobody', () => {
    const { config, warnings } = read('');
    expect(config).toMatchObject({
      data: '/var/lib/bootlayer',
      http: { listen: { port: 8080 } },
      api: { listen: { host: '127.0.0.1', port: 8081 } },
      machines: [],
      assignments: [],
    });
    expect(warnings).toEqual([`${FILE} has no assignments: no machine will be booted`]);
  });

  it.each([
    ['HTTP://Boot.Lab/', 'http://boot.lab'],
    ['https://[fd77::1]:8443', 'https://[fd77::1]:8443'],
  ])('advertises %s as %s', (written, url) => {
    expect(read(`advertise: "${written}"`).config.advertise).toEqual({ kind: 'url', url });
  });

  it('may select by everything the contract has', () => {
    const match =
      '{ machine: n1, mac: ["52-54-00-12-34-56"], serial: S1, asset: [A1, A2], manufacturer: "Acme & Sons", product: X, ip: [10.1.2.3/16, "fd77::/64", 10.9.9.9], arch: [x86_64], firmware: [uefi, uefi-http], hostname: N1.Lab, labels: { rack: [r1, r2], role: worker } }';
    const text = `machines: [{ name: n1, ip: 10.1.0.5, hostname: N1.LAB, labels: { rack: r1 } }]\n${ASSIGNMENT.replace('{}', match)} }]`;
    const { machines, assignments } = read(text).config;
    expect(machines).toMatchObject([{ ip: '10.1.0.5', hostname: 'n1.lab', labels: { rack: 'r1' } }]);
    expect(assignments[0]?.match).toEqual({
      machine: ['n1'],
      mac: [MAC],
      serial: ['S1'],
      asset: ['A1', 'A2'],
      manufacturer: ['Acme & Sons'],
      product: ['X'],
      ip: [
        { address: '10.1.0.0', prefixLength: 16 },
        { address: 'fd77::', prefixLength: 64 },
        { address: '10.9.9.9', prefixLength: 32 },
      ],
      arch: ['amd64'],
      firmware: ['uefi', 'uefi-http'],
      hostname: ['n1.lab'],
      labels: { rack: ['r1', 'r2'], role: ['worker'] },
    });
  });

  it('may name defaults, which come after those for all and before what an assignment says itself', () => {
    const { defaults, assignments } = read(
      [
        'defaults:',
        '  variant: a',
        '  kernelArgs: { append: all }',
        '  named:',
        '    serial: { kernelArgs: { append: [one] } }',
        '    virtual: { variant: b, kernelArgs: { append: [two] } }',
        'assignments:',
        '  - { name: none, match: {}, image: lab:5000/os:1 }',
        '  - { name: both, match: {}, image: lab:5000/os:1, defaults: [serial, virtual], kernelArgs: { append: own } }',
        '  - { name: own, match: {}, image: lab:5000/os:1, defaults: virtual, variant: c }',
      ].join('\n'),
    ).config;
    expect(defaults).toEqual({ kernelArgs: { append: ['all'] } });
    expect(assignments.map(({ variant, kernelArgs }) => [variant, kernelArgs.flatMap(({ append }) => append)])).toEqual(
      [
        ['a', []],
        ['b', ['one', 'two', 'own']],
        ['c', ['two']],
      ],
    );
  });

  it('cannot be changed by anybody', () => {
    const { config } = read(`${ASSIGNMENT} }]`);
    expect(() => Object.assign(config.assignments[0] ?? {}, { name: 'b' })).toThrow(TypeError);
    expect(() => Object.assign(config.http.listen, { port: 1 })).toThrow(TypeError);
  });

  it('may say off to what is not in this version', () => {
    const text = 'dhcp: { mode: off }\nstore: sqlite\nunknown: ignore\n';
    expect(read(`${text}${ASSIGNMENT}, boot: kernel, policy: { mode: always } }]`).config.assignments).toHaveLength(1);
  });

  it('answers by TFTP unless that is turned off', () => {
    const tftpOf = (text: string, env = {}) => read(text, env).config.tftp;
    const usual = { listen: { host: '0.0.0.0', port: 69 }, maxBlockSize: 1_468, maxWindowSize: 16, singlePort: false };
    expect(tftpOf('')).toEqual(usual);
    expect(tftpOf('tftp: { enabled: false, listen: "0.0.0.0:69" }')).toBeUndefined();
    expect(tftpOf('tftp: { listen: "[::]:69", maxBlockSize: 1024, maxWindowSize: 8, singlePort: true }')).toEqual({
      listen: { host: '::', port: 69 },
      maxBlockSize: 1_024,
      maxWindowSize: 8,
      singlePort: true,
    });
    expect(tftpOf('', { BOOTLAYER_TFTP_ENABLED: 'false' })).toBeUndefined();
    expect(tftpOf('', { BOOTLAYER_TFTP_SINGLE_PORT: 'true' })).toEqual({ ...usual, singlePort: true });
  });

  it('says where the iPXE binaries are, beside the file, and whom to become', () => {
    expect(read('').config).toMatchObject({ ipxe: {} });
    const { config } = read('ipxe: { binaries: ./ipxe }\nuser: bootlayer\n');
    expect(config).toMatchObject({ ipxe: { binaries: '/etc/bootlayer/ipxe' }, user: 'bootlayer' });
  });

  it('says how large the cache may be', () => {
    const sizeOf = (text: string, env = {}) => read(text, env).config.cache.maxSize;
    expect([sizeOf('cache: { maxSize: 50GiB }'), sizeOf('cache: { maxSize: 4096 }'), sizeOf('')]).toEqual([
      50 * 1024 ** 3,
      4096,
      undefined,
    ]);
    expect(sizeOf('', { BOOTLAYER_CACHE_MAX_SIZE: '1 GB' })).toBe(1_000_000_000);
  });

  it('names the files of a registry relative to itself', () => {
    const entry = '{ ca: lab-ca.pem, credentials: { username: boot, passwordFile: /run/secrets/lab } }';
    expect(read(`registries: { "LAB:5000": ${entry} }\n${ASSIGNMENT} }]`).config.registries).toEqual(
      new Map([
        [
          'lab:5000',
          {
            plainHttp: false,
            caFile: '/etc/bootlayer/lab-ca.pem',
            credentials: { username: 'boot', passwordFile: '/run/secrets/lab' },
          },
        ],
      ]),
    );
  });
});

describe('a bad configuration', () => {
  it.each<[string, string, string]>([
    ['broken YAML', 'http: {\n  listen: x\nassignments: [', `${FILE}:3:1`],
    ['a tab', 'http:\n\tlisten: x', `${FILE}:2:1`],
    ['a key twice', 'data: /a\ndata: /b', `${FILE}:2:1: the key "data" is there twice`],
    ['no mapping', '- a\n- b', `${FILE}:1:1: must be a mapping of advertise, data`],
    [
      'an unknown key',
      'data: /a\nasignments: []',
      `${FILE}:2:1: asignments: unknown key "asignments", did you mean "assignments"?`,
    ],
    [
      'an unknown key within',
      'http: { lissten: ":80" }',
      `${FILE}:1:9: http.lissten: unknown key "lissten", did you mean "listen"?`,
    ],
    ['an unknown key that is like no other', 'x: 1', 'x: unknown key "x"; known here: advertise, data'],
    ['a bad endpoint', 'http: { listen: 8080 }', 'http.listen: "8080" is not address:port, such as 0.0.0.0:8080'],
    ['one endpoint for both', 'http: { listen: "127.0.0.1:8081" }', 'api.listen: is the same as http.listen'],
    [
      'a URL for a registry',
      'registries: { "http://lab:5000": {} }',
      '"http://lab:5000" is not an image reference: it is no registry host; write host or host:port',
    ],
    ['another bad endpoint', 'http: { listen: lab:80 }', '"lab:80" is not address:port'],
    [
      'an API for everybody',
      'api: { listen: 0.0.0.0:8081 }',
      'api.listen: must be on a loopback address: on others everybody could change what machines boot, so set api.tokenFile',
    ],
    [
      'an advertised URL with a path',
      'advertise: http://lab/boot',
      '"http://lab/boot" is no address and no URL without a path: write 192.168.77.1 or http://boot.lab:8080',
    ],
    [
      'a number for a serial',
      'machines: [{ name: a, serial: 0012345 }]',
      'machines[0].serial: must be text: quote it, "0012345"',
    ],
    [
      'a number for a MAC',
      'machines: [{ name: a, mac: 525400123456 }]',
      'machines[0].mac[0]: must be text: quote it, "525400123456"',
    ],
    ['a wrong MAC', 'machines: [{ name: a, mac: ["52:54"] }]', '"52:54" is not a MAC address'],
    [
      'a placeholder for a UUID',
      `machines: [{ name: a, uuid: 00000000-0000-0000-0000-000000000000 }]`,
      'is a placeholder that many machines share',
    ],
    [
      'an unknown architecture',
      'machines: [{ name: a, arch: pdp11 }]',
      '"pdp11" is no architecture; known: amd64, arm64',
    ],
    [
      'a number for a label',
      'machines: [{ name: a, labels: { rack: 1 } }]',
      'machines[0].labels.rack: must be text: quote it, "1"',
    ],
    [
      'a name with a space',
      'machines: [{ name: "a b" }]',
      'machines[0].name: must not hold spaces, slashes or invisible characters',
    ],
    [
      'no match',
      'assignments: [{ name: a, image: lab:5000/os:1 }]',
      'assignments[0].match: is missing: write {} to match every machine',
    ],
    [
      'an empty match',
      'assignments: [{ name: a, match: , image: lab:5000/os:1 }]',
      'assignments[0].match: is missing: write {}',
    ],
    [
      'no image',
      'assignments: [{ name: a, match: {} }]',
      'assignments[0].image: is missing: name an image, with boot: local too',
    ],
    [
      'a wrong image',
      'assignments: [{ name: a, match: {}, image: "lab:5000/OS" }]',
      '"lab:5000/OS" is not an image reference',
    ],
    [
      'an image without a registry',
      'assignments: [{ name: a, match: {}, image: "os:1" }]',
      '"os:1" names no registry; write registry/repository:tag, or set defaultRegistry',
    ],
    ['an empty list', `${ASSIGNMENT.replace('{}', '{ mac: [] }')} }]`, 'the list is empty'],
    [
      'a placeholder that is none',
      'defaults: { kernelArgs: { append: ["root={blob.squash.url}"] } }',
      '"{blob.squash.url}" is no placeholder, did you mean {blob.squashfs.url}?',
    ],
    ['an advertised URL with a password', 'advertise: http://u:p@lab', 'is no address and no URL without a path'],
    [
      'an advertised URL that no script can hold',
      'advertise: "http://a$b.lab"',
      'is no address and no URL without a path',
    ],
    [
      'an unknown machine',
      `machines: [{ name: node-01 }]\n${ASSIGNMENT.replace('{}', '{ machine: node-10 }')} }]`,
      'no machine has the name "node-10": did you mean "node-01"?',
    ],
    [
      'a priority that is no number',
      `${ASSIGNMENT}, priority: high }]`,
      'assignments[0].priority: must be a whole number',
    ],
    [
      'a name taken',
      'machines: [{ name: a }, { name: a }]',
      `${FILE}:1:33: machines[1].name: the name a is taken by a, machines[0] (${FILE}:1)`,
    ],
    [
      'a MAC taken',
      `machines: [{ name: a, mac: "${MAC}" }, { name: b, mac: 52-54-00-12-34-56 }]`,
      `the MAC ${MAC} is taken by a, machines[0] (${FILE}:1)`,
    ],
    [
      'a UUID taken in the other byte order',
      `machines: [{ name: a, uuid: ${UUID} }, { name: b, uuid: 44454c4c-4200-1030-8057-b7c04f4d3732 }]`,
      'is taken by a, machines[0] (',
    ],
    [
      'an assignment name taken',
      `${ASSIGNMENT} }, { name: a, match: {}, image: lab:5000/os:1 }]`,
      'the name a is taken by a, assignments[0] (',
    ],
  ])('%s', (_name, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  it.each<readonly [string, string]>([
    ['tftp: { enabled: maybe }', 'tftp.enabled: must be true or false'],
    ['tftp: { listen: tftp }', 'tftp.listen: "tftp" is not address:port, such as'],
    ['tftp: { maxBlockSize: 7 }', 'tftp.maxBlockSize: must be a whole number from 8 to 65464'],
    ['tftp: { maxWindowSize: 1.5 }', 'tftp.maxWindowSize: must be a whole number from 1 to 65535'],
    ['tftp: { root: /srv/tftp }', 'tftp.root: unknown key "root"'],
    ['ipxe: { binary: /x }', 'ipxe.binary: unknown key "binary"; known here: binaries'],
    ['user: 1000', 'user: must be text: quote it'],
    ['dhcp: { mode: server }', 'dhcp.subnets: is missing: name the subnets in which addresses are given'],
    ['dhcp: { mode: proxy, listen: "[::]:67" }', 'dhcp.listen: must be an IPv4 address: DHCP has no other'],
    ['dhcp: { mode: proxy, interfaces: [br0:1] }', 'dhcp.interfaces[0]: is no name of a network interface'],
    ['dhcp: { mode: proxy, httpBoot: https }', 'dhcp.httpBoot: is https, and nothing listens for that: set http.tls'],
    ['cache: { maxSize: 50GiBi }', 'cache.maxSize: "50GiBi" is no size, such as 50GiB'],
    ['store: { postgres: host/db }', 'store: any store but sqlite is not in this version'],
    ['unknown: enroll', 'unknown: must be ignore or enrol; did you mean "enrol"?'],
    ['identity: { trustedRelays: [x] }', 'identity.trustedRelays[0]: "x" is no address'],
    [
      'advertise: [{ interface: br0, address: 10.0.0.1 }]',
      'advertise: a list by interface or subnet is not in this version',
    ],
    [
      'registries: { "lab:5000": { mirrors: ["https://u:secret@lab"] } }',
      "mirrors[0]: a mirror's URL holds no user and password",
    ],
    [
      'registries: { "lab:5000": { mirrors: [x] } }',
      'mirrors[0]: "x" is no URL of a mirror, such as https://mirror.lab',
    ],
    ['registries: { "lab:5000": { credentials: { username: x } } }', 'credentials.passwordFile: is missing'],
    [
      'registries: { "lab:5000": { credentials: { username: x, password: y } } }',
      'unknown key "password", did you mean "passwordFile"?',
    ],
    [`${ASSIGNMENT}, provision: {} }]`, 'provision: hands out nothing: name one of ignition'],
    [`${ASSIGNMENT}, signature: { keys: [x] } }]`, 'signature: is not in this version'],
    [`${ASSIGNMENT}, policy: { mode: one } }]`, 'policy.mode: must be always or once or hold; did you mean "once"?'],
    [`${ASSIGNMENT}, policy: { maxAttempts: 0 } }]`, 'policy.maxAttempts: must be a whole number from 1 to 100'],
    [`${ASSIGNMENT}, policy: { window: 1h } }]`, 'policy.window: says nothing without maxAttempts'],
    [`${ASSIGNMENT}, policy: { maxAttempts: 5, window: 1y } }]`, 'policy.window: "1y" is no duration'],
    [`${ASSIGNMENT}, policy: { maxAttempts: 5, window: 31d } }]`, 'policy.window: must be from 1s to 30d'],
    [`${ASSIGNMENT}, policy: { doneWhen: started } }]`, 'policy.doneWhen: counts for mode once alone'],
    [
      `defaults: { named: { arm: {} } }\n${ASSIGNMENT}, defaults: arn }]`,
      'no defaults have the name "arn": did you mean "arm"?',
    ],
    [`${ASSIGNMENT}, defaults: toString }]`, 'no defaults have the name "toString": add them to defaults.named'],
    [
      'defaults: { named: { arm: { kernelArg: {} } } }',
      'defaults.named.arm.kernelArg: unknown key "kernelArg", did you mean "kernelArgs"?',
    ],
    [`${ASSIGNMENT.replace('{}', '{ serial: 5 }')} }]`, 'match.serial[0]: must be text: quote it, "5"'],
    [`${ASSIGNMENT.replace('{}', '{ ip: 10.1.0.0/33 }')} }]`, 'match.ip[0]: "10.1.0.0/33" is no address and no subnet'],
    [`${ASSIGNMENT.replace('{}', '{ firmware: efi }')} }]`, 'match.firmware[0]: must be bios or uefi or uefi-http'],
    [`${ASSIGNMENT.replace('{}', '{ labels: { rack: 5 } }')} }]`, 'match.labels.rack[0]: must be text: quote it, "5"'],
    [`${ASSIGNMENT.replace('{}', '{ labels: {} }')} }]`, 'match.labels: names no label'],
    [`${ASSIGNMENT.replace('{}', '{ label: { a: b } }')} }]`, 'unknown key "label", did you mean "labels"?'],
  ])('%s', (text, message) => expect(refusal(text)).toContain(message));

  it('is refused with all its problems at once, in the order of the file', () => {
    const lines = refusal('data: 5\nhttp: { listen: x, port: 1 }\nmachines: [{ mac: 1 }]\n').split('\n');
    expect(lines[0]).toBe(`${FILE} has 5 problems:`);
    expect(lines.slice(1).map((line) => line.trim().split(': ').slice(0, 2).join(' '))).toEqual([
      `${FILE}:1:7 data`,
      `${FILE}:2:17 http.listen`,
      `${FILE}:2:20 http.port`,
      `${FILE}:3:12 machines[0].name`,
      `${FILE}:3:19 machines[0].mac[0]`,
    ]);
  });

  it('is refused with what is wrong between its entries as well', () => {
    const text =
      'data: 5\nmachines: [{ name: a }, { nam: b }, { name: a }]\n' +
      'assignments: [{ name: x, match: { machine: b }, image: "os:1" }, { name: x, match: {}, image: lab:5000/os:1 }]';
    const lines = refusal(text).split('\n');
    expect(lines.slice(1).map((line) => line.trim())).toEqual([
      `${FILE}:1:7: data: must be text: quote it, "5"`,
      `${FILE}:2:25: machines[1].name: is missing`,
      `${FILE}:2:27: machines[1].nam: unknown key "nam", did you mean "name"?; labels of your own go under labels`,
      `${FILE}:2:45: machines[2].name: the name a is taken by a, machines[0] (${FILE}:2)`,
      // The machine b may be there: it is not missed before the rest is right.
      `${FILE}:3:56: assignments[0].image: "os:1" names no registry; write registry/repository:tag, or set defaultRegistry`,
      `${FILE}:3:74: assignments[1].name: the name x is taken by x, assignments[0] (${FILE}:3)`,
    ]);
    expect(refusal('http: { listen: "127.0.0.1:8081" }\nmachines: [{ name: a }, { name: a }]')).toContain('2 problems');
  });

  it.each([
    ['00:00:00:00:00:00', 'is no card'],
    ['FFFFFFFFFFFF', 'is no card'],
    ['02:00:00:00:00:00', ''],
  ])('the MAC %s: %s', (mac, message) => {
    const text = `machines: [{ name: a, mac: "${mac}" }]`;
    if (message === '') expect(read(text).config.machines).toHaveLength(1);
    else expect(refusal(text)).toContain(message);
  });

  it('more documents than one, and a value that YAML took for a mapping', () => {
    expect(refusal('data: a\n---\ndata: b')).toContain(`${FILE}:2:1: there is more than one document in the file`);
    expect(refusal('data: { a: b }')).toContain('must be text, and is a mapping: quote it');
  });
});
