import { describe, expect, it, onTestFinished } from 'vitest';
import { Api } from '../../../src/http/api.js';
import { createListener } from '../../../src/http/app.js';
import { foreignLeaseBody, leaseImportRoute } from '../../../src/http/routes/lease-import.js';
import { createLog } from '../../../src/log.js';
import { MemoryLeases } from '../../fakes/leases.js';
import { ip, LEASES, mac, POOL } from '../../fixtures/told-leases.js';

function listener(leases?: MemoryLeases) {
  const app = createListener(createLog('silent', { write: () => undefined }));
  onTestFinished(() => app.close());
  leaseImportRoute(new Api(app), { register: leases });
  return async (payload: object, query = '') => {
    const url = `/api/v1/leases/import${query}`;
    const answer = await app.inject({ method: 'POST', url, headers: { host: '127.0.0.1' }, payload });
    return { status: answer.statusCode, body: answer.json<object>() };
  };
}

const refused = (status: number, code: string, message: string) => ({
  status,
  body: { error: { code, message: expect.stringContaining(message) as unknown } },
});

describe('POST /api/v1/leases/import', () => {
  const one = { address: '10.1.0.9', mac: '52-54-00-00-02-01', hostname: 'x', until: '2027-01-31T13:00:00Z' };

  it('takes over what it can, and says of each what became of it', async () => {
    const leases = new MemoryLeases(LEASES, [POOL]);
    const ask = listener(leases);
    leases.refused.set(ip('10.9.0.1'), 'it is in no subnet');
    const other = { address: '10.9.0.1', clientId: '01:52:54', until: '2027-01-31T13:00:00+01:00' };
    expect(await ask({ leases: [one, other] })).toEqual({
      status: 200,
      body: {
        results: [
          { address: '10.1.0.9', adopted: true },
          { address: '10.9.0.1', adopted: false, reason: 'it is in no subnet' },
        ],
      },
    });
    expect(leases.at(ip('10.1.0.9'))).toMatchObject({
      client: { mac: '52:54:00:00:02:01', hostname: 'x' },
      until: Date.parse('2027-01-31T13:00:00Z'),
    });
  });

  it('says what its client has already, and changes nothing where it is only asked', async () => {
    const leases = new MemoryLeases(LEASES, [POOL]);
    const ask = listener(leases);
    leases.refused.set(ip('10.9.0.1'), 'it is in no range');
    const there = { ...one, address: '192.168.77.100', mac: '52:54:00:00:01:02' };
    const asked = [one, there, { ...one, address: '10.9.0.1' }, { ...one, address: '10.9.0.1', isReserved: true }];
    const results = [
      { address: '10.1.0.9', adopted: true },
      { address: '192.168.77.100', adopted: true, present: true },
      { address: '10.9.0.1', adopted: false, reason: 'it is in no range' },
      { address: '10.9.0.1', adopted: true },
    ];
    expect(await ask({ leases: asked }, '?dryRun=true')).toEqual({ status: 200, body: { results } });
    expect(leases.at(ip('10.1.0.9'))).toBeUndefined();
    expect(await ask({ leases: asked.slice(0, 2) })).toEqual({ status: 200, body: { results: results.slice(0, 2) } });
  });

  it('takes what a file says as it is sent', async () => {
    const leases = new MemoryLeases(LEASES, [POOL]);
    const client = { mac: mac('52:54:00:00:02:01'), clientId: 'ff01', hostname: 'x' };
    const read = [
      { address: ip('10.1.0.9'), client, until: 1_795_904_264_000 },
      { address: ip('10.1.0.10'), client },
    ];
    expect(await listener(leases)({ leases: read.map(foreignLeaseBody) })).toMatchObject({ status: 200 });
    expect(leases.at(ip('10.1.0.9'))).toMatchObject({ client, until: 1_795_904_264_000 });
    expect(leases.at(ip('10.1.0.10'))).toEqual({ address: '10.1.0.10', client, since: 0, state: 'bound' });
  });

  it('says where this server gives none', async () => {
    expect(await listener()({ leases: [one] })).toMatchObject(refused(409, 'NO_LEASES', 'no addresses'));
  });

  it('takes the last time, and the longest identifier, that there are', async () => {
    const leases = new MemoryLeases(LEASES, [POOL]);
    const ask = listener(leases);
    const longest = { address: '10.1.0.9', clientId: 'ff'.repeat(135), until: '9999-12-31T23:59:59Z' };
    const written = { ...longest, clientId: longest.clientId.match(/../g)?.join(':') };
    expect(await ask({ leases: [written] })).toMatchObject({ status: 200 });
    expect(leases.at(ip('10.1.0.9'))?.client).toEqual({ clientId: longest.clientId });
  });

  it.each([
    [{ leases: [] }, 'is empty'],
    [{ leases: Array.from({ length: 1_001 }, () => one) }, 'more than 1000'],
    [{ leases: [{ ...one, mac: undefined }] }, 'must have a mac or a clientId'],
    [{ leases: [{ ...one, until: 'soon' }] }, 'is no time with its zone'],
    [{ leases: [{ ...one, clientId: 'xyz', mac: undefined }] }, 'must be bytes in hex'],
    [{ leases: [{ ...one, clientId: 'ff'.repeat(136) }] }, 'must not be longer than 135 bytes'],
    [{ leases: [{ ...one, until: '1969-12-31T23:59:59Z' }] }, 'from 1970 to 9999'],
    [{ leases: [{ ...one, until: '9999-12-31T23:59:59-00:01' }] }, 'from 1970 to 9999'],
    [{ leases: [{ ...one, hostname: 'a\u001b[2Jb' }] }, 'must be printable ASCII'],
    [{ leases: [{ ...one, hostname: 'a\u202eb' }] }, 'must be printable ASCII'],
    [{ leases: [{ ...one, address: 'here' }] }, 'is no IP address'],
  ])('refuses what it cannot read', async (body, message) => {
    const ask = listener(new MemoryLeases(LEASES, [POOL]));
    expect(await ask(body)).toMatchObject(refused(400, 'REQUEST_INVALID', message));
  });
});
