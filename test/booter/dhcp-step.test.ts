import { describe, expect, it } from 'vitest';
import type { DhcpAsked, DhcpTold } from '../../src/booter/dhcp-step.js';
import { testBooter } from '../fixtures/booter.js';
import { assignment, facts, MAC, machine, OTHER_MAC } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';
import { neighbours } from '../fixtures/policies.js';
import { settled } from '../fixtures/waiting.js';

const FROM = '192.168.77.20';
const ASKED = { mac: MAC, client: 'x64 UEFI by PXE', firmware: 'uefi', step: 'offer' } as const satisfies DhcpAsked;
const loads = (xid: number, more: Partial<DhcpTold> = {}): DhcpTold => ({
  ...{ answer: 'snponly.efi by TFTP from 192.168.77.1', loader: 'snponly.efi', xid },
  ...more,
});
const PXE = facts({ sourceAddress: '0.0.0.0', architecture: 'amd64', firmware: ['uefi'] });
/** What an iPXE says, of which UEFI has loaded it nobody knows. */
const QUERY = { mac: MAC, buildarch: 'x86_64', platform: 'efi' };

/** A booter whose image is counted when it is asked for. */
function stepOf(more: Parameters<typeof testBooter>[0] = {}) {
  const asked: string[] = [];
  const image = more.image ?? resolvedImage(['kernel', 'initramfs', 'uki']);
  const test = testBooter({
    ...more,
    images: {
      resolve: async (_reference, { architecture }) => {
        asked.push(architecture);
        return image;
      },
    },
  });
  return { ...test, dhcp: test.booter.dhcp, asked };
}

describe('an invitation', () => {
  const bySerial = assignment({ name: 'serial', match: { serial: ['S1'] } });
  const byMac = assignment({ name: 'mac', match: { mac: [MAC] } });

  it('is sure where the packet shows enough', () => {
    const { dhcp } = stepOf({ assignments: [byMac, assignment({ name: 'rest', match: { serial: ['S2'] } })] });
    expect(dhcp.invite(PXE)).toMatchObject({ kind: 'sure', subject: { name: 'node-01' }, assignment: byMac });
  });

  it('is open where what stands before that waits for what iPXE says', () => {
    const { dhcp } = stepOf({ machines: [], assignments: [bySerial, assignment()] });
    expect(dhcp.invite(PXE)).toMatchObject({ kind: 'open', assignment: bySerial, subject: { name: MAC } });
    expect(stepOf({ machines: [], assignments: [bySerial] }).dhcp.invite(PXE).kind).toBe('open');
  });

  it('is open for a BIOS, which does not say how wide its processor is', () => {
    const { dhcp } = stepOf({ machines: [], assignments: [assignment({ match: { arch: ['amd64'] } })] });
    expect(dhcp.invite(facts({ firmware: ['bios'] })).kind).toBe('open');
  });

  it('is none where all say a definite no', () => {
    const { dhcp } = stepOf({ machines: [], assignments: [assignment({ match: { mac: [OTHER_MAC] } })] });
    expect(dhcp.invite(PXE)).toMatchObject({ kind: 'unmapped', subject: { name: MAC } });
    expect(stepOf({ assignments: [] }).dhcp.invite(PXE).kind).toBe('unmapped');
  });

  it('is none while the server ends, mapped or not', () => {
    const { booter, dhcp } = stepOf();
    booter.drain();
    expect(dhcp.invite(PXE)).toMatchObject({ kind: 'draining', subject: { name: 'node-01' } });
    booter.remap({ machines: [], assignments: [], defaults: { kernelArgs: {} } });
    expect(dhcp.invite(PXE).kind).toBe('draining');
  });

  it('is by the mapping in force', () => {
    const { booter, dhcp } = stepOf();
    const other = assignment({ name: 'other' });
    booter.remap({ machines: [machine({ name: 'renamed' })], assignments: [other], defaults: { kernelArgs: {} } });
    expect(dhcp.invite(PXE)).toMatchObject({ kind: 'sure', subject: { name: 'renamed' }, assignment: other });
  });
});

describe('what a machine was told', () => {
  it('is an event, with the assignment where that is sure', () => {
    const { dhcp, events } = stepOf();
    const invitation = dhcp.invite(PXE);
    const place = { relay: '10.1.0.1', circuitId: 'ge-0/0/1', remoteId: 'sw-7', platform: 'UEFI amd64' };
    dhcp.answered(invitation, { ...ASKED, ...place }, loads(1));
    expect(events).toEqual([
      {
        ...{ event: 'dhcp.answered', machine: 'node-01', mac: MAC, client: 'x64 UEFI by PXE', ...place },
        ...{ step: 'offer', answer: 'snponly.efi by TFTP from 192.168.77.1', assignment: 'all', firmware: 'uefi' },
      },
    ]);
  });

  it('makes what comes from where it asked the boot server its own', () => {
    const { dhcp, booter, events } = stepOf();
    const at = (address: string) => {
      booter.transferEvents.greeting({ address, protocol: 'tftp', file: 'boot.ipxe' });
      return events.at(-1);
    };
    dhcp.answered(dhcp.invite(PXE), ASKED, loads(1));
    expect(at(PXE.sourceAddress)).not.toHaveProperty('machine');
    dhcp.answered(dhcp.invite({ ...PXE, sourceAddress: FROM }), { ...ASKED, step: 'ack' }, loads(1));
    expect(at(FROM)).toMatchObject({ event: 'greeting.sent', machine: 'node-01' });
  });

  it('has its image resolved meanwhile, when that is sure', async () => {
    const sure = stepOf();
    sure.dhcp.answered(sure.dhcp.invite(PXE), ASKED, loads(1));
    await settled();
    expect(sure.asked).toEqual(['amd64']);
    const open = stepOf({ assignments: [assignment({ name: 'asset', match: { asset: ['A'] } }), assignment()] });
    const invitation = open.dhcp.invite(PXE);
    open.dhcp.answered(invitation, ASKED, loads(1));
    await settled();
    expect([invitation.kind, open.asked]).toEqual(['open', []]);
    expect(open.events[0]).not.toHaveProperty('assignment');
  });

  it('is nothing, and why', () => {
    const { dhcp, events } = stepOf({ assignments: [] });
    dhcp.unanswered(dhcp.invite(PXE), ASKED, 'no assignment matches this machine');
    dhcp.dropped('10.1.0.9', 'it is an answer');
    expect(events).toEqual([
      {
        ...{ event: 'dhcp.unanswered', machine: 'node-01', mac: MAC, client: 'x64 UEFI by PXE', step: 'offer' },
        ...{ firmware: 'uefi', reason: 'no assignment matches this machine', why: 'unassigned' },
      },
      { event: 'dhcp.dropped', address: '10.1.0.9', reason: 'it is an answer' },
    ]);
  });
});

describe('a loop', () => {
  const loops = (events: readonly { readonly event: string }[]) =>
    events.filter(({ event }) => event === 'loader.repeated');

  it('is told of with who is in it', () => {
    const { dhcp, events, clock } = stepOf();
    for (let xid = 1; xid <= 6; xid += 1) {
      clock.milliseconds += 20_000;
      dhcp.answered(dhcp.invite(PXE), ASKED, loads(xid));
      // Each round of UEFI asks the boot server's port, too.
      dhcp.answered(dhcp.invite(PXE), { ...ASKED, step: 'ack' }, loads(1_000 + xid));
      if (xid < 6) expect(loops(events)).toEqual([]);
    }
    expect(loops(events)).toEqual([
      {
        ...{ event: 'loader.repeated', machine: 'node-01', mac: MAC, loader: 'snponly.efi' },
        ...{ times: 6, seconds: 100 },
      },
    ]);
  });

  it('is none where every round gets a script', async () => {
    const { booter, dhcp, events } = stepOf();
    for (let xid = 1; xid <= 12; xid += 1) {
      dhcp.answered(dhcp.invite(PXE), ASKED, loads(xid));
      if (xid % 5 === 0) await booter.script(QUERY, FROM);
    }
    expect(loops(events)).toEqual([]);
  });

  it('may be that of an iPXE that can do too little, and is none of one that is told the script', () => {
    const { dhcp, events } = stepOf();
    const { firmware: _firmware, ...asked } = ASKED;
    const ipxe = { ...asked, client: 'x64 UEFI, iPXE' };
    const tell = (told: DhcpTold) => dhcp.answered(dhcp.invite(PXE), ipxe, told);
    for (let xid = 1; xid <= 6; xid += 1) {
      const { loader: _loader, ...script } = loads(100 + xid, { answer: 'http://192.168.77.1/boot.ipxe' });
      tell(script);
    }
    expect(loops(events)).toEqual([]);
    for (let xid = 1; xid <= 6; xid += 1) tell(loads(xid));
    expect(loops(events)).toHaveLength(1);
  });
});

describe('the script step', () => {
  const pxe = assignment({ name: 'pxe', match: { firmware: ['uefi'] } });
  const http = assignment({ name: 'http', match: { firmware: ['uefi-http'] } });

  it('knows by which firmware a machine came, when DHCP has seen it', async () => {
    for (const [firmware, name] of [
      ['uefi', 'pxe'],
      ['uefi-http', 'http'],
    ] as const) {
      const { booter, dhcp, plans } = stepOf({ assignments: [pxe, http] });
      dhcp.answered(dhcp.invite(facts({ firmware: [firmware] })), { ...ASKED, firmware }, loads(1));
      await booter.script(QUERY, FROM);
      expect(plans.plans.map((plan) => plan.assignment)).toEqual([name]);
    }
  });

  it('takes neither where nobody has', async () => {
    const { booter, dhcp, plans, events } = stepOf({ assignments: [pxe, http] });
    // Another card's firmware says nothing.
    dhcp.answered(dhcp.invite(PXE), { ...ASKED, mac: OTHER_MAC }, loads(1));
    await booter.script(QUERY, FROM);
    expect(plans.plans).toEqual([]);
    expect(events.at(-1)).toMatchObject({ event: 'script.refused' });
  });

  it('is what DHCP already invites an iPXE by', () => {
    const { dhcp } = stepOf({ assignments: [pxe, http] });
    const ipxe = facts({ firmware: ['uefi', 'uefi-http'] });
    expect(dhcp.invite(ipxe).kind).toBe('open');
    dhcp.answered(dhcp.invite(PXE), ASKED, loads(1));
    expect(dhcp.invite(ipxe)).toMatchObject({ kind: 'sure', assignment: pxe });
  });
});

it('says whose card another server answers by, where that is known', async () => {
  const { dhcp, events } = stepOf({ neighbours: neighbours({ '192.168.77.2': OTHER_MAC }) });
  dhcp.heardOther('192.168.77.2', 'br0', 'its answer was heard');
  dhcp.heardOther('192.168.77.3', 'br0', 'its answer was heard');
  await settled();
  const heard = { event: 'dhcp.other', interface: 'br0', by: 'its answer was heard' };
  expect(events).toEqual([
    { ...heard, server: '192.168.77.2', mac: OTHER_MAC },
    { ...heard, server: '192.168.77.3' },
  ]);
});
