import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../src/boot/event.js';
import type { LoadOutcome, ReadFiles } from '../src/config/load.js';
import { type Loaded, readConfigText } from '../src/config/read.js';
import type { Config, TlsPair } from '../src/config/schema.js';
import { BootlayerError } from '../src/errors.js';
import { Reloader, type Renewed } from '../src/reload.js';
import { documentsOf } from './fixtures/document-files.js';

const FILE = '/etc/bootlayer/bootlayer.yaml';
const config = (text: string): Config => readConfigText(text, FILE, {}).config;
const FIRST = config(
  'machines: [{ name: a }, { name: b }]\nassignments: [{ name: x, match: {}, image: lab:5000/os:1 }]',
);

const prints = (contents: string) => new Map([[FILE, contents]]);
const readOf = (contents: string) => ({
  file: FILE,
  include: [],
  included: [contents],
  named: [],
  fingerprints: prints(contents),
});

/** A certificate and its key that are told apart by their letter. */
const pair = (letter: string): TlsPair => ({ cert: `certificate ${letter}`, key: `key ${letter}` });

/** What is read of a configuration that names the pair. */
const withPair = (letter: string, text = ''): Loaded => ({
  config: config(
    `http: { tls: { cert: ${letter}, key: ${letter} } }\n${text}assignments: [{ name: x, match: {}, image: lab:5000/os:1 }]`,
  ),
  warnings: [],
  tls: pair(letter),
});

/** A reloader of a server that was started with the pair `a`. */
function secureReloader(next: Loaded, refusal?: Error) {
  const events: BootEvent[] = [];
  const warnings: string[] = [];
  const applied: Renewed[] = [];
  const made = new Reloader({
    initial: { ...withPair('a'), read: readOf('0') },
    load: async () => ({ kind: 'loaded', read: readOf('1'), loaded: next }),
    apply: (_config, renewed) => {
      if (refusal !== undefined) throw refusal;
      applied.push(renewed);
    },
    applied: () => undefined,
    warn: (text) => void warnings.push(text),
    events: (event) => void events.push(event),
    clock: { ticks: () => 0 },
  });
  return { reloader: made, events, warnings, applied };
}

describe('Reloader, with TLS', () => {
  it('applies a pair that is another one, wherever it is read', async () => {
    const { reloader: one, events, warnings, applied } = secureReloader(withPair('b'));
    await one.reloadByHand();
    await one.reloadByHand();
    expect(applied).toEqual([{ tls: pair('b') }, {}]);
    expect(events).toMatchObject([{ names: 'http.tls' }, { names: '' }]);
    expect(warnings).toEqual([]);
  });

  it('leaves the pair alone that is the same, or is named no more', async () => {
    const same = secureReloader(withPair('a'));
    await same.reloader.reloadByHand();
    expect([same.applied, same.events]).toEqual([[{}], [expect.objectContaining({ names: '' })]]);
    const gone = secureReloader({ config: FIRST, warnings: [] });
    await gone.reloader.reloadByHand();
    expect([gone.applied, gone.warnings]).toEqual([[{}], ['http: changed, which counts from the next start on']]);
  });

  it('takes nothing of what comes with a pair that the listener refuses', async () => {
    const { reloader: one, events } = secureReloader(withPair('b', 'data: elsewhere\n'), new Error('key too small'));
    const before = one.config;
    await one.reloadByHand();
    expect(one.config).toBe(before);
    expect(events).toEqual([{ event: 'mapping.refused', reason: 'key too small' }]);
  });
});

describe('Reloader, with tokens', () => {
  const [one, other] = ['a', 'b'].map((sha256) => [{ role: 'admin', sha256 }] as const);
  const withTokens = (tokens: Loaded['tokens'], file = 'tokens'): Loaded => ({
    config: config(`api: { tokenFile: ${file} }\nassignments: [{ name: x, match: {}, image: lab:5000/os:1 }]`),
    warnings: [],
    ...(tokens !== undefined && { tokens }),
  });

  function tokenReloader(next: Loaded) {
    const [applied, names, warnings]: [Renewed[], string[], string[]] = [[], [], []];
    const made = new Reloader({
      initial: { ...withTokens(one), read: readOf('0') },
      load: async () => ({ kind: 'loaded', read: readOf('1'), loaded: next }),
      apply: (_config, renewed) => void applied.push(renewed),
      applied: () => undefined,
      warn: (text) => void warnings.push(text),
      events: (event) => void (event.event === 'mapping.reloaded' && names.push(event.names)),
      clock: { ticks: () => 0 },
    });
    return { made, applied, names, warnings };
  }

  it('applies those that are others, from whichever file', async () => {
    const { made, applied, names, warnings } = tokenReloader(withTokens(other, 'elsewhere'));
    await made.reloadByHand();
    await made.reloadByHand();
    expect([applied, names, warnings]).toEqual([[{ tokens: other }, {}], ['api.tokenFile', ''], []]);
  });

  it('leaves them when they are the same, and when they are named no more, which it says', async () => {
    const same = tokenReloader(withTokens(one));
    await same.made.reloadByHand();
    expect([same.applied, same.warnings]).toEqual([[{}], []]);
    const gone = tokenReloader({ config: FIRST, warnings: [] });
    await gone.made.reloadByHand();
    expect([gone.applied, gone.warnings]).toEqual([[{}], ['api: changed, which counts from the next start on']]);
  });
});

describe('Reloader, with documents', () => {
  const withDocument = (text?: string): Loaded => ({
    config: FIRST,
    warnings: [],
    documents: documentsOf(text === undefined ? {} : { '/etc/bootlayer/site/a.ign': text, '/run/secrets/root': 'x' }),
  });

  it('applies all of them where one is another, has come or has gone, though the configuration is as before', async () => {
    const next = [withDocument('b'), withDocument('b'), withDocument()];
    const [applied, names]: [Renewed[], string[]] = [[], []];
    const made = new Reloader({
      initial: { ...withDocument('a'), read: readOf('0') },
      load: async () => ({ kind: 'loaded', read: readOf('1'), loaded: next.shift() ?? expect.unreachable() }),
      apply: (_config, renewed) => void applied.push(renewed),
      applied: () => undefined,
      warn: (text) => expect.fail(text),
      events: (event) => void (event.event === 'mapping.reloaded' && names.push(event.names)),
      clock: { ticks: () => 0 },
    });
    for (let turn = 0; turn < 3; turn += 1) await made.reloadByHand();
    expect(
      applied.map(
        ({ documents }) => documents && [...documents.files.values()].map((bytes) => Buffer.from(bytes).toString()),
      ),
    ).toEqual([['b', 'x'], undefined, []]);
    expect(names).toEqual(['documents ~site/a.ign', '', 'documents -site/a.ign -/run/secrets/root']);
  });
});

/** A reloader whose next configurations, or failures, are given one by one. */
function reloader(...next: (Config | Error)[]) {
  const events: BootEvent[] = [];
  const applied: Config[] = [];
  const warnings: string[] = [];
  const before: (readonly string[] | undefined)[] = [];
  const load = async (inForce: ReadFiles | undefined): Promise<LoadOutcome> => {
    before.push(inForce?.included);
    const one = next.shift() ?? expect.unreachable();
    const read = readOf(String(before.length));
    if (one instanceof Error && !(one instanceof BootlayerError)) throw one;
    if (one instanceof BootlayerError) return { kind: 'refused', read, error: one };
    return { kind: 'loaded', read, loaded: { config: one, warnings: [] } };
  };
  let ticks = 0;
  const inForce: Config[] = [];
  const made: Reloader = new Reloader({
    initial: { config: FIRST, warnings: [], read: readOf('0') },
    load,
    apply: (one) => void applied.push(one),
    applied: () => void inForce.push(made.config),
    warn: (text) => void warnings.push(text),
    events: (event) => void events.push(event),
    clock: { ticks: () => (ticks += 500) },
  });
  return { reloader: made, events, applied, inForce, warnings, before };
}

describe('Reloader', () => {
  it('applies what was read and tells what changed', async () => {
    const second = config(
      'machines: [{ name: b, serial: "1" }, { name: c }]\ndefaults: { kernelArgs: { append: [x] } }\n' +
        'assignments: [{ name: y, match: {}, image: lab:5000/os:1 }]',
    );
    const { reloader: one, events, applied, inForce } = reloader(second);
    await one.reloadByHand();
    expect(applied).toEqual([second]);
    // Whoever is told that it counts finds it in force.
    expect(inForce).toEqual([second]);
    expect(one.config).toBe(second);
    expect(events).toEqual([
      {
        event: 'mapping.reloaded',
        machines: { added: 1, removed: 1, changed: 1 },
        assignments: { added: 1, removed: 1, changed: 0 },
        documents: { added: 0, removed: 0, changed: 0 },
        names: 'machines +c -a ~b, assignments +y -x, defaults',
        seconds: 0.5,
      },
    ]);
  });

  it('refuses what is wrong and keeps what was', async () => {
    const {
      reloader: one,
      events,
      applied,
      inForce,
    } = reloader(new BootlayerError('CONFIG_INVALID', 'x.yaml:3:1: no'));
    await one.reloadByHand();
    expect([applied, inForce, one.config]).toEqual([[], [], FIRST]);
    expect(events).toEqual([{ event: 'mapping.refused', reason: 'x.yaml:3:1: no' }]);
  });

  it('says what counts from the next start on only, for as long as it differs from what runs', async () => {
    const elsewhere = config('data: /elsewhere\nhttp: { listen: ":1" }');
    const { reloader: one, warnings } = reloader(elsewhere, elsewhere, FIRST);
    for (let turn = 0; turn < 3; turn += 1) await one.reloadByHand();
    const warning = 'data, http: changed, which counts from the next start on';
    expect(warnings).toEqual([warning, warning]);
  });

  it('names what changed beside machines and assignments', async () => {
    const { reloader: one, events } = reloader(
      config('registries: { "lab:5000": { plainHttp: true } }\ndefaultRegistry: lab'),
    );
    await one.reloadByHand();
    expect(events[0]).toMatchObject({ names: 'machines -a -b, assignments -x, defaultRegistry, registries' });
  });

  it('remembers what was read, also when it was refused', async () => {
    const { reloader: one, before } = reloader(new BootlayerError('CONFIG_INVALID', 'no'), FIRST);
    await one.reloadAtRest(prints('1'));
    expect([one.lastRead, one.inForce]).toEqual([readOf('1'), readOf('0')]);
    await one.reloadAtRest(prints('2'));
    expect([one.lastRead, one.inForce]).toEqual([readOf('2'), readOf('2')]);
    // What is missing is missed until another configuration is taken.
    expect(before).toEqual([['0'], ['0']]);
  });

  it('takes what looks like a mishap when it is asked to by hand', async () => {
    const { reloader: one, before } = reloader(FIRST);
    await one.reloadByHand();
    expect(before).toEqual([undefined]);
  });

  it('does not mistake a file that has gone or come since for what was there at rest', async () => {
    const { reloader: one, applied } = reloader(FIRST, FIRST);
    await one.reloadAtRest(new Map([...prints('1'), ['/etc/bootlayer/a.yaml', 'a']]));
    await one.reloadAtRest(new Map());
    expect(applied).toEqual([]);
  });

  it('does what was asked by hand, whoever else asks before it is begun', async () => {
    const nothing = config('machines: [{ name: a }]');
    const { reloader: one, applied } = reloader(FIRST, nothing);
    await Promise.all([one.reloadAtRest(prints('1')), one.reloadByHand(), one.reloadAtRest(prints('2'))]);
    expect(applied).toEqual([FIRST, nothing]);
  });

  it('leaves alone what changed since it had come to rest', async () => {
    const { reloader: one, applied, events } = reloader(FIRST, FIRST);
    await one.reloadAtRest(prints('0'));
    expect([applied, events, one.lastRead]).toEqual([[], [], readOf('0')]);
    await one.reloadAtRest(prints('2'));
    expect([applied, one.lastRead]).toEqual([[FIRST], readOf('2')]);
  });

  it('does not boot nobody any more unless it is asked to by hand', async () => {
    const nothing = config('machines: [{ name: a }]');
    const { reloader: one, applied, events } = reloader(nothing, nothing);
    await one.reloadAtRest(prints('1'));
    expect(applied).toEqual([]);
    expect(events).toMatchObject([{ reason: expect.stringMatching(/no assignments any more; .*SIGHUP/) as string }]);
    await one.reloadByHand();
    expect(applied).toEqual([nothing]);
  });

  it('tells why it could not even read, and takes nothing for read', async () => {
    const { reloader: one, events } = reloader(new Error('the thread ended'));
    await one.reloadAtRest(prints('1'));
    expect(one.lastRead).toEqual(readOf('0'));
    expect(events).toMatchObject([{ event: 'mapping.refused', reason: 'the thread ended' }]);
  });

  it('applies nothing any more once it is closed', async () => {
    const { reloader: one, applied, events } = reloader(FIRST, FIRST);
    const reloading = one.reloadByHand();
    one.close();
    await reloading;
    await one.reloadByHand();
    expect([applied, events]).toEqual([[], []]);
  });

  it('reads once more for all who asked while it read', async () => {
    const { reloader: one, applied } = reloader(FIRST, FIRST, FIRST);
    await Promise.all([one.reloadByHand(), one.reloadByHand(), one.reloadByHand()]);
    expect(applied).toHaveLength(2);
  });
});
