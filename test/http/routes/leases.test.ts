import { describe, expect, it, onTestFinished } from 'vitest';
import { LeaseClients } from '../../../src/booter/lease-clients.js';
import { Api } from '../../../src/http/api.js';
import { createListener } from '../../../src/http/app.js';
import { reserveRoute } from '../../../src/http/routes/lease-reserve.js';
import { leaseRoutes } from '../../../src/http/routes/leases.js';
import { createLog } from '../../../src/log.js';
import { MemoryLeases } from '../../fakes/leases.js';
import { openEntries, stored } from '../../fixtures/entries.js';
import { ip, LEASES, POOL, told } from '../../fixtures/told-leases.js';

const FILES = 'machines: [{ name: node-01, mac: "52:54:00:00:01:01" }]\n';

async function listener(leases: MemoryLeases = new MemoryLeases(LEASES, [POOL]), files = FILES) {
  const app = createListener(createLog('silent', { write: () => undefined }));
  onTestFinished(() => app.close());
  const { book, mapping } = await openEntries(files, [
    stored('machine', { name: 'of-api', mac: '52:54:00:00:01:05', ip: '10.1.0.77', labels: { rack: 'r1' } }),
  ]);
  leases.machineOf = (client) => new LeaseClients(mapping).find(client).known.machine;
  const api = new Api(app);
  leaseRoutes(api, { register: leases });
  reserveRoute(api, { register: leases, entries: book, doubtsOf: async () => ['who knows'] });
  const ask = async (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) => {
    const headers = { host: '127.0.0.1' };
    const answer = await app.inject({ method, url: `/api/v1${path}`, headers, ...(payload && { payload }) });
    return { status: answer.statusCode, body: answer.payload === '' ? undefined : answer.json<Body>() };
  };
  return { ask, leases, book };
}

type Body = {
  readonly leases?: readonly { readonly address: string }[];
  readonly next?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly details?: { readonly remedy: string } };
};

const refused = (status: number, code: string, message: string, remedy?: string) => ({
  status,
  body: {
    error: {
      ...{ code, message: expect.stringContaining(message) as unknown },
      ...(remedy !== undefined && { details: expect.objectContaining({ remedy }) as unknown }),
    },
  },
});

describe('/api/v1/leases', () => {
  it.each([
    ['', ['192.168.77.20', '192.168.77.100', '192.168.77.101', '192.168.77.102', '192.168.77.103', '10.1.0.5']],
    ['?subnet=10.1.0.0/16', ['10.1.0.5']],
    ['?state=declined', ['192.168.77.102']],
    ['?mac=5254.0000.0102', ['192.168.77.100']],
    ['?machine=node-01', ['192.168.77.20']],
    ['?machine=nobody', []],
  ])('lists those that are wanted: %s', async (query, addresses) => {
    const { ask } = await listener();
    const { body } = await ask('GET', `/leases${query}`);
    expect(body?.leases?.map(({ address }) => address)).toEqual(addresses);
    expect(body).not.toHaveProperty('next');
  });

  it('lists page by page', async () => {
    const { ask } = await listener(new MemoryLeases(['10.1.0.9', '10.1.0.10', '10.1.0.200'].map((one) => told(one))));
    const first = await ask('GET', '/leases?limit=2');
    expect([first.body?.leases?.length, first.body?.next]).toEqual([2, '10.1.0.10']);
    const second = await ask('GET', '/leases?limit=2&after=10.1.0.10');
    expect(second.body).toEqual({ leases: [expect.objectContaining({ address: '10.1.0.200' })] });
  });

  it('shows one', async () => {
    const { ask, leases } = await listener();
    expect(await ask('GET', '/leases/192.168.77.100')).toEqual({
      status: 200,
      body: {
        ...{ address: '192.168.77.100', state: 'bound', mac: '52:54:00:00:01:02', hostname: 'node-07' },
        ...{ since: '2027-01-31T12:00:00.000Z', until: '2027-01-31T13:00:00.000Z' },
      },
    });
    expect(await ask('GET', '/leases/192.168.77.9')).toMatchObject(
      refused(404, 'NOT_FOUND', 'nobody has, or had, 192.168.77.9'),
    );
    leases.reserved.set(ip('192.168.77.9'), 'node-09');
    expect(await ask('GET', '/leases/192.168.77.9')).toMatchObject(
      refused(
        ...([404, 'NOT_FOUND', '192.168.77.9 is reserved for node-09, which has not asked for it yet'] as const),
        '"bootlayer machine show node-09", or GET /api/v1/machines/node-09, shows its record',
      ),
    );
    expect(await ask('GET', '/leases/nine')).toMatchObject(refused(400, 'REQUEST_INVALID', '"nine" is no IP address'));
  });

  it('frees what nobody uses, and what is in use when that is wanted', async () => {
    const { ask, leases } = await listener();
    expect(await ask('DELETE', '/leases/192.168.77.102')).toEqual({ status: 204, body: undefined });
    expect(await ask('DELETE', '/leases/192.168.77.102')).toMatchObject({ status: 404 });
    expect(await ask('DELETE', '/leases/192.168.77.20')).toMatchObject(
      refused(409, 'CONFLICT', '192.168.77.20 is in use by node-01 until 2027-01-31T13:00:00.000Z'),
    );
    expect(leases.at(ip('192.168.77.20'))).toBeDefined();
    expect(await ask('DELETE', '/leases/192.168.77.20?force=true')).toMatchObject({ status: 204 });
    expect(leases.at(ip('192.168.77.20'))).toBeUndefined();
  });

  it('tells no end where there is none', async () => {
    const { until: _until, ...endless } = told('192.168.77.30');
    const { ask } = await listener(new MemoryLeases([endless]));
    const { body } = await ask('GET', '/leases/192.168.77.30');
    expect(body).not.toHaveProperty('until');
    expect(await ask('DELETE', '/leases/192.168.77.30')).toMatchObject(
      refused(409, 'CONFLICT', '192.168.77.30 is in use by node-01 without an end'),
    );
  });

  it('shows how many are left', async () => {
    const { ask } = await listener();
    expect(await ask('GET', '/subnets')).toEqual({
      status: 200,
      body: {
        subnets: [
          {
            ...{ subnet: '192.168.77.0/24', ranges: ['192.168.77.100-192.168.77.199'], leaseSeconds: 3_600 },
            ...POOL.counts,
          },
        ],
      },
    });
  });

  it('says where this server gives none', async () => {
    const { ask } = await noLeases();
    const paths = ['/leases', '/leases/10.1.0.5', '/subnets'];
    for (const path of paths) expect(await ask('GET', path)).toMatchObject(refused(409, 'NO_LEASES', 'no addresses'));
    expect(await ask('DELETE', '/leases/10.1.0.5')).toMatchObject({ status: 409 });
    expect(await ask('POST', '/leases/10.1.0.5/reserve')).toMatchObject({ status: 409 });
  });
});

/** `undefined` would stand for what is usual. */
async function noLeases() {
  const app = createListener(createLog('silent', { write: () => undefined }));
  onTestFinished(() => app.close());
  const { book } = await openEntries('');
  const api = new Api(app);
  leaseRoutes(api, { register: undefined });
  reserveRoute(api, { register: undefined, entries: book, doubtsOf: async () => [] });
  const ask = async (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) => {
    const headers = { host: '127.0.0.1' };
    const answer = await app.inject({ method, url: `/api/v1${path}`, headers, ...(payload && { payload }) });
    return { status: answer.statusCode, body: answer.json<Body>() };
  };
  return { ask };
}

describe('POST /api/v1/leases/<address>/reserve', () => {
  const reserve = '/leases/192.168.77.100/reserve';

  it('makes a machine of a stranger, by the name that it has, is given, or its MAC', async () => {
    const { ask, book } = await listener();
    expect(await ask('POST', reserve)).toMatchObject({
      status: 201,
      body: { name: 'node-07', mac: ['52:54:00:00:01:02'], ip: '192.168.77.100', warnings: ['who knows'] },
    });
    expect(book.find('machine', 'node-07')?.document).toEqual({
      name: 'node-07',
      mac: ['52:54:00:00:01:02'],
      ip: '192.168.77.100',
    });
    // Once more: it has it already.
    expect(await ask('POST', reserve, { name: 'node-07' })).toMatchObject({
      status: 200,
      body: { name: 'node-07', alreadyReserved: true },
    });
    expect(await ask('POST', reserve, { name: 'db' })).toMatchObject(
      refused(
        ...([409, 'CONFLICT', '192.168.77.100 is reserved for node-07 already'] as const),
        'leave the name out, or take the address out of that record first',
      ),
    );
    const other = '/leases/192.168.77.101/reserve';
    expect(await ask('POST', `${other}?dryRun=true`)).toMatchObject({
      status: 200,
      body: {
        dryRun: true,
        machines: { added: ['52:54:00:00:01:03'] },
        lease: { address: '192.168.77.101', mac: '52:54:00:00:01:03', state: 'expired' },
      },
    });
    expect(await ask('POST', other, { name: 'db' })).toMatchObject({ status: 201, body: { name: 'db' } });
  });

  it('gives the address to the record of a machine that is known', async () => {
    const { ask } = await listener();
    expect(await ask('POST', '/leases/10.1.0.5/reserve', { name: 'x' })).toMatchObject(
      refused(409, 'CONFLICT', 'known as of-api', 'leave the name out: its record gets the address'),
    );
    expect(await ask('POST', '/leases/10.1.0.5/reserve')).toMatchObject({
      status: 200,
      body: { name: 'of-api', ip: '10.1.0.5', labels: { rack: 'r1' } },
    });
  });

  it('names the file and the line of one that a file has, unless that says it already', async () => {
    const { ask } = await listener();
    expect(await ask('POST', '/leases/192.168.77.20/reserve')).toMatchObject(
      refused(
        ...([409, 'READ_ONLY_ENTRY', 'the machine node-01 is written in /etc/bootlayer/bootlayer.yaml:1'] as const),
        'write "ip: 192.168.77.20" there: the server reads its files anew by itself',
      ),
    );
    const said = await listener(undefined, FILES.replace(' }', ', ip: 192.168.77.20 }'));
    expect(await said.ask('POST', '/leases/192.168.77.20/reserve')).toMatchObject({
      status: 200,
      body: { name: 'node-01', source: { kind: 'file' } },
    });
  });

  it('refuses a name or an address that is taken, and says what to do', async () => {
    const taken = `${FILES.trimEnd().replace(' }]', ' }, { name: node-07, ip: 192.168.77.101 }]')}\n`;
    const { ask } = await listener(undefined, taken);
    expect(await ask('POST', reserve)).toMatchObject(
      refused(
        ...([
          409,
          'CONFLICT',
          'the name node-07 is that of another machine, of /etc/bootlayer/bootlayer.yaml:1',
        ] as const),
        'give it another one by "name" (--name)',
      ),
    );
    expect(await ask('POST', reserve, { name: 'of-api' })).toMatchObject(refused(409, 'CONFLICT', 'of the API'));
    expect(await ask('POST', '/leases/192.168.77.101/reserve')).toMatchObject(
      refused(
        ...([409, 'CONFLICT', 'the address 192.168.77.101 is taken by the machine node-07'] as const),
        '"bootlayer machine ls --search 192.168.77.101" shows who has the address',
      ),
    );
  });

  it("refuses what is nobody's, and whom nothing would be known by", async () => {
    const { ask, leases } = await listener();
    expect(await ask('POST', '/leases/192.168.77.102/reserve')).toMatchObject(
      refused(409, 'CONFLICT', '192.168.77.102 is kept from everybody until 2027-01-31T13:00:00.000Z'),
    );
    expect(await ask('POST', '/leases/192.168.77.103/reserve')).toMatchObject(
      refused(409, 'CONFLICT', 'neither a MAC nor a UUID'),
    );
    expect(await ask('POST', '/leases/192.168.77.9/reserve')).toMatchObject(
      refused(
        ...([404, 'NOT_FOUND', 'nobody has, or had, 192.168.77.9'] as const),
        'say whose it is: "bootlayer machine set NAME --mac MAC --ip 192.168.77.9"',
      ),
    );
    leases.reserved.set(ip('192.168.77.9'), 'node-01');
    expect(await ask('POST', '/leases/192.168.77.9/reserve')).toMatchObject({
      status: 200,
      body: { name: 'node-01', alreadyReserved: true },
    });
    expect(await ask('POST', reserve, { name: 'a b' })).toMatchObject({ status: 400 });
  });
});
