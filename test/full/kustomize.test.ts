import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { DEPLOY } from '../fixtures/deploy.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { KUBERNETES } from '../fixtures/kubernetes.js';
import { bootlayer } from '../fixtures/program.js';
import { run } from '../setup/command.js';
import { kubectlProgram } from '../setup/parts.js';

type Manifest = z.output<typeof KUBERNETES>;

/** As kubectl renders it; every field of it is one that Kubernetes knows. */
async function rendered(folder: string): Promise<readonly Manifest[]> {
  const text = await run(kubectlProgram(), ['kustomize', folder]);
  return parseAllDocuments(text).map((document) => KUBERNETES.parse(document.toJS()));
}

function one<K extends Manifest['kind']>(manifests: readonly Manifest[], kind: K): Extract<Manifest, { kind: K }> {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  expect(found, kind).toHaveLength(1);
  return found[0] as Extract<Manifest, { kind: K }>;
}

/** Its pod, and the container in that. */
function podOf(manifests: readonly Manifest[]) {
  const pod = one(manifests, 'StatefulSet').spec.template.spec;
  return { pod, container: pod.containers[0] ?? expect.fail('there is no container') };
}

/** What the server would say of the configuration in the ConfigMap. */
async function checked(manifests: readonly Manifest[]) {
  const folder = await temporaryFolder();
  const { data } = one(manifests, 'ConfigMap');
  for (const [name, text] of Object.entries(data)) writeFileSync(join(folder, name), text);
  const { status, out, err } = await bootlayer(['check', '--offline', '-c', join(folder, 'bootlayer.yaml')]);
  return {
    status,
    said: `${out}${err}`,
    configuration: parse(data['bootlayer.yaml'] ?? '') as Record<string, unknown>,
  };
}

describe.each(['single-port', 'host-network'])('the overlay %s', (name) => {
  it('has a configuration that does', async () => {
    const { said, configuration } = await checked(await rendered(join(DEPLOY, 'kustomize', name)));
    expect(said).toMatch(/^1 machine, 1 assignment, 0 problems/m);
    expect(configuration['data']).toBe('/var/lib/bootlayer');
  });

  it('is one pod that is told nothing of others, and writes nothing but its data', async () => {
    const manifests = await rendered(join(DEPLOY, 'kustomize', name));
    const { pod, container } = podOf(manifests);
    expect(one(manifests, 'StatefulSet').spec.replicas).toBe(1);
    expect([pod.enableServiceLinks, pod.automountServiceAccountToken]).toEqual([false, false]);
    expect(pod.securityContext).toMatchObject({ fsGroup: 65_532, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container.securityContext).toMatchObject({
      ...{ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
      capabilities: { drop: ['ALL'] },
    });
    // A file that is mounted alone never changes.
    expect(container.volumeMounts.map(({ mountPath }) => mountPath).toSorted()).toEqual([
      '/etc/bootlayer',
      '/var/lib/bootlayer',
    ]);
    const asked = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    expect(asked.map(({ httpGet }) => httpGet.path)).toEqual(['/healthz', '/healthz', '/readyz']);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(30);
  });

  it('leads to the ports where the server listens', async () => {
    const manifests = await rendered(join(DEPLOY, 'kustomize', name));
    const { configuration } = await checked(manifests);
    const { container } = podOf(manifests);
    const ports = Object.fromEntries(container.ports.map((port) => [port.name, port.containerPort]));
    const listens = ['http', 'tftp'].map((key) => {
      const { listen = '' } = configuration[key] as { readonly listen?: string };
      return [key, Number(listen.split(':')[1])];
    });
    expect(ports).toEqual(Object.fromEntries(listens));
    const named = manifests.flatMap((manifest) => {
      if (manifest.kind === 'Service') return manifest.spec.ports.map(({ targetPort }) => targetPort);
      return manifest.kind === 'NetworkPolicy'
        ? manifest.spec.ingress.flatMap((rule) => rule.ports.map(({ port }) => port))
        : [];
    });
    expect(named.filter((port) => !Object.hasOwn(ports, port))).toEqual([]);
  });
});

it('may nothing behind a Service, and opens ports as root, then drops that, in the network of a node', async () => {
  const behind = podOf(await rendered(join(DEPLOY, 'kustomize/single-port')));
  expect(behind.pod).toMatchObject({ securityContext: { runAsNonRoot: true, runAsUser: 65_532 } });
  expect([behind.pod.hostNetwork, behind.container.securityContext.capabilities]).toEqual([
    undefined,
    { drop: ['ALL'] },
  ]);

  const manifests = await rendered(join(DEPLOY, 'kustomize/host-network'));
  const within = podOf(manifests);
  expect(within.pod).toMatchObject({ hostNetwork: true, securityContext: { runAsNonRoot: false, runAsUser: 0 } });
  expect(within.container.securityContext.capabilities.add).toEqual(['NET_BIND_SERVICE', 'SETGID', 'SETUID']);
  expect((await checked(manifests)).configuration['user']).toBe('65532:65532');
  expect(manifests.map(({ kind }) => kind)).not.toContain('NetworkPolicy');
});

it('has an API for others where it is wanted, and then with tokens', async () => {
  const folder = await temporaryFolder();
  cpSync(join(DEPLOY, 'kustomize'), join(folder, 'kustomize'), { recursive: true });
  mkdirSync(join(folder, 'kustomize/own'));
  const own = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', namespace: 'bootlayer' };
  const uses = { resources: ['../single-port'], components: ['../api'] };
  writeFileSync(join(folder, 'kustomize/own/kustomization.yaml'), JSON.stringify({ ...own, ...uses }));
  const { pod, container } = podOf(await rendered(join(folder, 'kustomize/own')));
  const [, tokens = ''] = container.env?.map(({ value }) => value) ?? [];
  expect(container.env?.map(({ name }) => name)).toEqual(['BOOTLAYER_API_LISTEN', 'BOOTLAYER_API_TOKEN_FILE']);
  const mount = container.volumeMounts.find(({ mountPath }) => tokens.startsWith(`${mountPath}/`));
  expect(pod.volumes.find(({ name }) => name === mount?.name)?.secret?.secretName).toBe('bootlayer-api');
  expect(container.ports.map(({ name, containerPort }) => [name, containerPort])).toContainEqual(['api', 8081]);
});

it('would not be taken with a field that Kubernetes does not know', async () => {
  const [manifest] = (await rendered(join(DEPLOY, 'kustomize/single-port'))).filter(
    ({ kind }) => kind === 'StatefulSet',
  );
  expect(KUBERNETES.safeParse(manifest).success).toBe(true);
  const text = JSON.stringify(manifest).replace('readOnlyRootFilesystem', 'readOnlyRootFileSystem');
  expect(KUBERNETES.safeParse(JSON.parse(text)).error?.message).toContain('readOnlyRootFileSystem');
});
