import { describe, expect, it } from 'vitest';
import { placeholdersIn } from '../../src/image/command-line.js';
import { parsePlaceholder } from '../../src/image/placeholders.js';
import { handOffWords } from '../../src/provision/hand-off.js';
import { PROVISION_KINDS } from '../../src/provision/kinds.js';

describe('handOffWords', () => {
  it('leads each system to its document', () => {
    const said = Object.fromEntries(PROVISION_KINDS.map((kind) => [kind, handOffWords([kind]).join(' ')]));
    expect(said).toEqual({
      ignition: 'ignition.firstboot=1 ignition.platform.id=metal ignition.config.url={provision.url}/config.ign',
      cloudInit: 'ds=nocloud;dsmode=net;s={provision.url}/seed/',
      autoinstall: 'autoinstall ds=nocloud;dsmode=net;s={provision.url}/seed/ cloud-config-url=/dev/null',
      kickstart: 'inst.ks={provision.url}/ks.cfg',
      preseed: 'auto=true priority=critical preseed/url={provision.url}/preseed.cfg',
      talos: 'talos.platform=metal talos.config={provision.url}/machineconfig.yaml',
      files: '',
    });
  });

  it('goes by the system where that has words of its own', () => {
    expect(handOffWords(['ignition', 'files'], 'flatcar-live').join(' ')).toBe(
      'flatcar.first_boot=1 flatcar.config.url={provision.url}/config.ign',
    );
    expect(handOffWords(['ignition'], 'fedora-coreos-live')).toEqual(handOffWords(['ignition']));
  });

  it.each(PROVISION_KINDS)('names placeholders that there are: %s', (kind) => {
    const kinds = handOffWords([kind]).flatMap((word) => placeholdersIn(word).map((one) => parsePlaceholder(one).kind));
    expect(kinds).toEqual(kinds.map(() => 'url'));
  });
});
