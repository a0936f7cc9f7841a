import { expect, it } from 'vitest';
import type { ServerApi } from '../../src/cli/api-server.js';
import { requireWanted } from '../../src/cli/lease-filters.js';
import { ADMIN, servedApi } from '../fixtures/api.js';

async function api(): Promise<ServerApi> {
  const { port } = await servedApi();
  return { url: `http://127.0.0.1:${port}`, token: ADMIN };
}

it.each([
  [{}],
  [{ machine: 'f1' }],
  [{ subnet: '192.168.77.0/24' }],
  [{ subnet: '192.168.77.128/25' }],
  [{ subnet: '192.168.0.0/16' }],
])('there could be a lease of %j', async (wanted) => {
  await requireWanted(await api(), wanted);
});

it('says that there is no such machine, and what there is', async () => {
  await expect(requireWanted(await api(), { machine: 'nosuch' })).rejects.toMatchObject({
    ...{ code: 'NOT_FOUND', message: 'there is no machine "nosuch"' },
    remedy: '"bootlayer machine ls" lists them; --mac finds the leases of a stranger',
  });
});

it('says that no addresses are given there, and where they are', async () => {
  await expect(requireWanted(await api(), { subnet: '10.9.0.0/24' })).rejects.toMatchObject({
    ...{ code: 'NOT_FOUND', message: 'no addresses are given in 10.9.0.0/24' },
    remedy: 'the subnets there are: 192.168.77.0/24',
  });
});
