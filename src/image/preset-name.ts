/** Families of systems whose kernel arguments are known, by what they boot as from the network. */
export const PRESETS = [
  'garden-linux',
  'fedora-coreos-live',
  'flatcar-live',
  'dracut-live',
  'debian-live',
  'ubuntu-casper',
  'talos',
  'alpine',
] as const;

export type PresetName = (typeof PRESETS)[number];
