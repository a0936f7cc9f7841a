import type { PresetName } from '../image/preset-name.js';
import type { ProvisionKind } from './kinds.js';

const SEED = 'ds=nocloud;dsmode=net;s={provision.url}/seed/';

/** By what a system is told where its configuration is. */
const HAND_OFFS: Readonly<Record<ProvisionKind, readonly string[]>> = {
  // coreos.github.io/ignition: kernel arguments. First boot and platform are what its generator looks for.
  ignition: ['ignition.firstboot=1', 'ignition.platform.id=metal', 'ignition.config.url={provision.url}/config.ign'],
  // docs.cloud-init.io, reference/datasources/nocloud. It adds names to the end, so there is a slash. Without dsmode, cloud-init 22.4
  // fetches everything and drops it; nocloud-net is to go with 29.1.
  cloudInit: [SEED],
  // canonical-subiquity.readthedocs-hosted.com: autoinstall over the network. The last keeps cloud-init from fetching its ISO as one.
  autoinstall: ['autoinstall', SEED, 'cloud-config-url=/dev/null'],
  // anaconda-installer.readthedocs.io: boot options.
  kickstart: ['inst.ks={provision.url}/ks.cfg'],
  // Debian's installation guide, appendix B. By its long name: `url` is also what casper fetches its root by.
  preseed: ['auto=true', 'priority=critical', 'preseed/url={provision.url}/preseed.cfg'],
  // talos.dev: reference/kernel.
  talos: ['talos.platform=metal', 'talos.config={provision.url}/machineconfig.yaml'],
  // Whoever wants one writes its URL: {provision.url}/files/NAME.
  files: [],
};

/** Systems that are told otherwise. flatcar.org: booting by iPXE. */
const OF_PRESETS: Partial<Readonly<Record<PresetName, Partial<typeof HAND_OFFS>>>> = {
  'flatcar-live': { ignition: ['flatcar.first_boot=1', 'flatcar.config.url={provision.url}/config.ign'] },
};

/** The kernel arguments that lead a system to what it is handed. Pure. */
export function handOffWords(kinds: readonly ProvisionKind[], preset?: PresetName): readonly string[] {
  const own = preset === undefined ? {} : (OF_PRESETS[preset] ?? {});
  return kinds.flatMap((kind) => own[kind] ?? HAND_OFFS[kind]);
}
