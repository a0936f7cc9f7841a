import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Book, GaveUp } from './book.js';
import { FIRMWARE, packetOf, TYPE } from './firmware-packets.js';
import { fetchFrom } from './http-fetch.js';
import { fetchLoader } from './loader-fetch.js';
import { LATEST_MILLISECONDS } from './weather.js';

/**
 * `strays`: an address from which nobody is handed anything.
 * @typedef {{ server: string, relayAddress: string, strays: string, relay: import('./relay.js').Relay,
 *   weather: import('./weather.js').Weather, dice: import('../full/dice.js').Dice, addresses: import('./addresses.js').Addresses }} Around
 * @typedef {{ name: string, mac: string, kind: import('./firmware-packets.js').FirmwareKind, group: import('./book.js').Group }} Whose
 * `reset`: where it is switched off before it has its kernel, and boots anew, which is the same boot to the server.
 * @typedef {{ reset?: 'in the loader' | 'after the script' | 'in the kernel', isResumed?: boolean, isGone?: boolean }} Fate
 */

const DHCP_TRIES = 60;
const LOADER_TRIES = 20;
const HTTP_TRIES = 120;
/** As long as a script asks again, and longer than a server takes to be started anew. */
const PATIENCE_MILLISECONDS = 90_000;
const RETRY_MILLISECONDS = 500;
const SCRIPT_MILLISECONDS = 1_000;
const UKI_TRIES = 10;
/** A UKI is larger than our loaders. */
const MOST_LOADER_BYTES = 1024 * 1024;

export class SimulatedMachine {
  #around;
  #whose;
  #boots = 0;
  #address = '';
  #book;

  /** @param {Whose} whose @param {Around} around */
  constructor(whose, around) {
    this.#whose = whose;
    this.#around = around;
    this.#book = new Book({ machine: whose.name, kind: whose.kind, group: whose.group, number: 0 });
  }

  /** One boot, and what it knows of it. Never rejects. @returns {Promise<Book>} */
  async boot() {
    this.#boots += 1;
    const { name: machine, kind, group } = this.#whose;
    const book = new Book({ machine, kind, group, number: this.#boots });
    this.#book = book;
    const fate = this.#fate();
    try {
      await this.#whole(fate);
      book.end = fate.isGone === true ? 'gone in the initramfs' : 'whole';
    } catch (thrown) {
      if (!(thrown instanceof GaveUp))
        book.wrongs.push(thrown instanceof Error ? (thrown.stack ?? '') : String(thrown));
      book.end = 'gave up';
      book.stage = thrown instanceof GaveUp ? thrown.stage : 'a fault of the simulator';
    }
    book.endedAt = Date.now();
    book.address = this.#address;
    return book;
  }

  /** @returns {Fate} */
  #fate() {
    const thrown = this.#around.dice.below(100);
    if (thrown < 4) return { reset: 'in the loader' };
    if (thrown < 8) return { reset: 'after the script' };
    if (thrown < 12) return { reset: 'in the kernel' };
    if (thrown < 22) return { isResumed: true };
    return thrown < 30 ? { isGone: true } : {};
  }

  /** @param {Fate} fate */
  async #whole(fate) {
    if (this.#whose.group === 'uki') return this.#bootUki(fate);
    let script = await this.#begin(fate.reset === 'in the loader');
    if (fate.reset === 'after the script' || fate.reset === 'in the kernel') {
      if (fate.reset === 'in the kernel') await this.#part('kernel', script.kernelUrl, 'bytes=0-99');
      this.#book.resets += 1;
      await sleep(this.#around.dice.below(1_000));
      script = await this.#begin(false);
    }
    // What of its datagrams is late has come by then.
    await sleep(2 * LATEST_MILLISECONDS);
    await this.#timed('kernel', () => this.#artifact('kernel', script.kernelUrl, fate.isResumed === true));
    if (fate.isGone === true) {
      await this.#leave('initramfs', script.initramfsUrl);
      return;
    }
    await this.#timed('initramfs', () => this.#artifact('initramfs', script.initramfsUrl, false));
    if (script.document !== undefined) await this.#configure(script.document);
    if (script.done !== undefined) await this.#report(script.done);
  }

  /**
   * To its script, by way of all that comes before.
   * @param {boolean} isReset in the loader @returns {Promise<NonNullable<ReturnType<typeof readScript>>>}
   */
  async #begin(isReset) {
    const { code, ipxeCode, isHttp = false } = FIRMWARE[this.#whose.kind];
    if (this.#whose.kind !== 'ipxe-rom') {
      const told = await this.#timed('address', () => this.#lease({ isIpxe: false, code, isHttp }));
      if (isReset && !isHttp) {
        await this.#loader(told.file, 2);
        this.#book.resets += 1;
        await sleep(this.#around.dice.below(1_000));
        return this.#begin(false);
      }
      await this.#timed('loader', () => (isHttp ? this.#loaderByHttp(told.file) : this.#loader(told.file)));
    }
    const { file } = await this.#timed('address of iPXE', () => this.#lease({ isIpxe: true, code: ipxeCode }));
    await this.#timed('greeting', () => this.#must(file));
    return this.#timed('script', () => this.#script());
  }

  /** DISCOVER to ACK. @param {{ isIpxe: boolean, code: number, isHttp?: boolean }} as @returns {Promise<import('./firmware-packets.js').Reply>} */
  async #lease(as) {
    const { relay, relayAddress, addresses } = this.#around;
    const asked = { ...as, mac: this.#whose.mac, relay: relayAddress };
    const sent = () => {
      this.#book.discovers += 1;
    };
    for (let times = 0; times < 3; times += 1) {
      const discover = packetOf({ ...asked, xid: relay.newXid() });
      const offer = await relay.exchange(discover, { types: [TYPE.offer], tries: DHCP_TRIES, sent });
      if (offer === undefined) throw new GaveUp('no offer');
      if (offer.file === '') throw new GaveUp('no file is offered');
      const since = Date.now();
      const taking = packetOf({ ...asked, xid: relay.newXid(), taking: offer });
      const types = [TYPE.ack, TYPE.nak];
      const answer = await relay.exchange(taking, { types, tries: 4, sent: () => undefined });
      if (answer?.type !== TYPE.ack) continue;
      const wrong = addresses.given(answer.address, { mac: this.#whose.mac, until: since + answer.seconds * 1_000 });
      if (wrong !== undefined) this.#book.wrongs.push(wrong);
      this.#address = answer.address;
      return answer;
    }
    throw new GaveUp('no acknowledgement');
  }

  /** @param {string} file @param {number} [most] blocks */
  async #loader(file, most) {
    const { server, weather } = this.#around;
    const wanted = { address: this.#address, server, file, blksize: 512, tries: LOADER_TRIES };
    const bytes = await fetchLoader({ ...wanted, ...(most !== undefined && { most }) }, weather).catch((thrown) => {
      throw new GaveUp('loader', String(thrown));
    });
    if (bytes === undefined) throw new GaveUp('loader');
    if (most === undefined && bytes.toString('latin1', 0, 6 + file.length) !== `it is ${file}`)
      this.#book.wrongs.push(`${file} by TFTP is another file: ${bytes.toString('latin1', 0, 40)}`);
  }

  /** EDK2 asks for the size first. @param {string} url */
  async #loaderByHttp(url) {
    await this.#must(url, 'HEAD');
    const { body } = await this.#must(url);
    if (!body.toString('latin1', 0, 40).startsWith('it is ')) this.#book.wrongs.push(`${url} is another file`);
  }

  async #script() {
    const { server } = this.#around;
    const { arch } = FIRMWARE[this.#whose.kind];
    const isEfi = this.#whose.kind.startsWith('uefi');
    const asked = `mac=${this.#whose.mac.replaceAll(':', '-')}&buildarch=${arch === 'amd64' ? 'x86_64' : 'arm64'}`;
    const url = `http://${server}:8080/boot/script?${asked}&platform=${isEfi ? 'efi' : 'pcbios'}`;
    let text = '';
    const until = Date.now() + PATIENCE_MILLISECONDS;
    for (let tries = 0; Date.now() < until; tries += 1) {
      const got = await fetchFrom(`${url}&attempt=${tries}`, { address: this.#address });
      if (got.kind !== 'whole' || got.status !== 200) {
        this.#book.scripts.unsure += 1;
        await sleep(RETRY_MILLISECONDS);
        continue;
      }
      this.#book.scripts.got += 1;
      text = got.body.toString();
      const read = readScript(text);
      if (read !== undefined) {
        this.#book.script = {
          at: Date.now(),
          kernel: digestIn(read.kernelUrl),
          initramfs: digestIn(read.initramfsUrl),
        };
        return read;
      }
      this.#book.scripts.waits += 1;
      if (/nothing to boot/.test(text)) this.#book.wrongs.push(`it is refused: ${spokenIn(text)}`);
      await sleep(SCRIPT_MILLISECONDS);
    }
    throw new GaveUp('no script', spokenIn(text));
  }

  /** Whole, maybe in two parts. @param {import('./book.js').Role} role @param {string} url @param {boolean} isResumed */
  async #artifact(role, url, isResumed) {
    let have = Buffer.alloc(0);
    for (let tries = 0; tries < HTTP_TRIES; tries += 1) {
      const got = await this.#piece(role, url, { from: have.length, isLeft: isResumed && tries === 0 });
      if (got === undefined) {
        await sleep(RETRY_MILLISECONDS);
        continue;
      }
      if (got.kind === 'cut') {
        // What is larger than what is kept is asked for anew.
        if (role !== 'uki') have = Buffer.concat([have, got.body]);
        continue;
      }
      const sha256 = have.length > 0 ? hashOf(Buffer.concat([have, got.body])) : got.sha256;
      if (role === 'uki') this.#book.uki = sha256;
      else if (sha256 !== digestIn(url)) this.#book.wrongs.push(`${url} has other bytes: ${sha256}`);
      return;
    }
    throw new GaveUp(role);
  }

  /**
   * From a byte on; undefined where nobody answers. `isLeft`: it breaks off in the middle.
   * @param {import('./book.js').Role} role @param {string} url @param {{ from: number, isLeft: boolean }} how
   */
  async #piece(role, url, { from, isLeft }) {
    const gets = this.#book.gets[role];
    const range = from > 0 ? { range: `bytes=${from}-` } : {};
    const got = await fetchFrom(url, { address: this.#address, ...range, ...(isLeft && { most: 64 * 1024 }) });
    const isGiven = got.kind !== 'none' && got.status === (from > 0 ? 206 : 200);
    if (got.kind === 'whole' && isGiven) gets[from > 0 ? 'parts' : 'whole'] += 1;
    else gets.cut += 1;
    if (got.kind === 'none') return undefined;
    if (isGiven) {
      this.#book.bytes += got.bytes;
      return got;
    }
    if (got.status < 500) throw new GaveUp(role, `${got.status}: ${got.body.toString('latin1', 0, 200)}`);
    return undefined;
  }

  /** @param {import('./book.js').Role} role @param {string} url @param {string} range */
  async #part(role, url, range) {
    const got = await fetchFrom(url, { address: this.#address, range });
    this.#book.gets[role][got.kind === 'whole' && got.status === 206 ? 'parts' : 'cut'] += 1;
  }

  /** It is switched off in the middle. @param {import('./book.js').Role} role @param {string} url */
  async #leave(role, url) {
    await fetchFrom(url, { address: this.#address, most: 1 });
    this.#book.gets[role].cut += 1;
  }

  /** @param {string} url */
  async #configure(url) {
    const got = await this.#timed('configuration', () => this.#once(url, this.#book.documents));
    const said = got.body.toString();
    if (!said.includes(`"${this.#whose.name}"`))
      this.#book.wrongs.push(`its configuration is another's: ${said.slice(0, 200)}`);
    if (this.#around.dice.below(50) !== 0) return;
    const strange = await fetchFrom(url, { address: this.#around.strays });
    if (strange.kind === 'whole' && strange.status === 200)
      this.#book.wrongs.push('another is handed its configuration');
  }

  /** Until it is answered; what broke off before may have been sent. @param {string} url @param {{ got: number, unsure: number }} counts */
  async #once(url, counts) {
    for (let tries = 0; tries < HTTP_TRIES; tries += 1) {
      const got = await fetchFrom(url, { address: this.#address });
      if (got.kind === 'whole' && got.status === 200) {
        counts.got += 1;
        return got;
      }
      if (got.kind !== 'none' && got.status !== 200 && got.status < 500)
        throw new GaveUp('configuration', `${got.status}: ${got.body.toString('latin1', 0, 200)}`);
      counts.unsure += 1;
      await sleep(RETRY_MILLISECONDS);
    }
    throw new GaveUp('configuration');
  }

  /** As often as it likes. @param {string} url */
  async #report(url) {
    for (let times = this.#around.dice.below(5) === 0 ? 2 : 1; times > 0; times -= 1)
      await this.#timed('report', () => this.#must(url, 'POST', 204));
    this.#book.isDone = true;
  }

  /** Firmware starts it by itself. @param {Fate} fate */
  async #bootUki({ isGone = false }) {
    const url = await this.#askUki();
    if (isGone) {
      await this.#leave('uki', url);
      this.#book.resets += 1;
      await this.#askUki();
    }
    for (let times = 0; times < UKI_TRIES; times += 1) {
      const before = this.#book.bytes;
      await this.#timed('uki', () => this.#artifact('uki', url, false));
      if (this.#book.bytes - before > MOST_LOADER_BYTES) return;
      // It was iPXE, since the server ends meanwhile.
      this.#book.gets.uki.whole -= 1;
      this.#book.resets += 1;
      await this.#askUki();
    }
    throw new GaveUp('no UKI');
  }

  /** Where it is; who is offered iPXE, since it is not there yet, is reset, and boots anew. @returns {Promise<string>} */
  async #askUki() {
    const { code } = FIRMWARE[this.#whose.kind];
    const until = Date.now() + PATIENCE_MILLISECONDS;
    while (Date.now() < until) {
      const { file } = await this.#timed('address', () => this.#lease({ isIpxe: false, code, isHttp: true }));
      const { bytes } = await this.#must(file, 'HEAD');
      // What of its datagrams is late has come by then.
      await sleep(2 * LATEST_MILLISECONDS);
      if (bytes > MOST_LOADER_BYTES) return file;
      this.#book.resets += 1;
      await sleep(SCRIPT_MILLISECONDS);
    }
    throw new GaveUp('no UKI');
  }

  /** @param {string} url @param {'GET' | 'POST' | 'HEAD'} [method] @param {number} [status] */
  async #must(url, method = 'GET', status = 200) {
    for (let tries = 0; tries < HTTP_TRIES; tries += 1) {
      const got = await fetchFrom(url, { address: this.#address, method });
      if (got.kind === 'whole' && got.status === status) return got;
      if (got.kind === 'whole' && got.status < 500)
        throw new GaveUp(`${method} ${new URL(url).pathname.replace(/[\w-]{43}/, '…')}`, `${got.status}`);
      await sleep(RETRY_MILLISECONDS);
    }
    throw new GaveUp(`${method} ${new URL(url).pathname.replace(/[\w-]{43}/, '…')}`);
  }

  /** @template T @param {string} step @param {() => Promise<T>} work @returns {Promise<T>} */
  async #timed(step, work) {
    const since = performance.now();
    const done = await work();
    this.#book.took[step] = performance.now() - since;
    return done;
  }
}

/** What it shows. @param {string} script */
function spokenIn(script) {
  const lines = script.split('\n').filter((line) => line.startsWith('echo'));
  return lines.join(' ').slice(0, 300);
}

/** What a script starts; undefined where it says to wait, or why not. @param {string} text */
export function readScript(text) {
  const kernelUrl = /^kernel (?:--\S+ \S+ )?(http\S+)/m.exec(text)?.[1];
  const initramfsUrl = /^initrd (?:--\S+ \S+ )?(http\S+)/m.exec(text)?.[1];
  if (kernelUrl === undefined || initramfsUrl === undefined) return undefined;
  const [done, document] = [/ done=(http\S+)/.exec(text)?.[1], / ignition\.config\.url=(http\S+)/.exec(text)?.[1]];
  return { kernelUrl, initramfsUrl, done, document };
}

/** @param {string} url */
function digestIn(url) {
  return /\/sha256\/([0-9a-f]{64})\//.exec(url)?.[1] ?? '';
}

/** @param {Buffer} bytes */
function hashOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
