import { OPTION } from '../dhcp/option-code.js';

/** Whose way of asking it is, and option 55 as that sends it: who is not told everything is told what is in it. */
export type RequestList = { readonly asker: string; readonly codes: readonly number[] };

/** Seen alike in OVMF and AAVMF, 2022.11 and 2025.02; PXE and HTTP Boot each ask for more. */
const EDK2 = [
  ...[1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60],
  ...[OPTION.bootFileName, OPTION.clientUuid],
];
const OF_PXE = [128, 129, 130, 131, 132, 133, 134, 135];

/** Debian's iPXE of 2025; those of before 2020 do not ask for NTP servers (42). */
const IPXE: RequestList = {
  asker: 'iPXE',
  codes: [1, 3, 6, 7, 12, 15, 17, 26, 42, 43, 60, 66, 67, 119, ...OF_PXE, OPTION.ipxe, 203],
};

/** For those whom a machine may be described as. That of BIOS is what Intel's ROMs are known to ask for; others ask for less. */
export const REQUEST_LISTS = {
  bios: {
    asker: "Intel's PXE ROM",
    codes: [
      ...[1, 2, 3, 4, 5, 6, 11, 12, 13, 15, 16, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67],
      ...OF_PXE,
    ],
  },
  uefi: { asker: 'EDK2 (OVMF)', codes: [...EDK2, OPTION.tftpServerName, ...OF_PXE] },
  'uefi-http': { asker: 'EDK2 (OVMF)', codes: EDK2 },
  'ipxe-bios': IPXE,
  'ipxe-uefi': IPXE,
  /** By the dhclient.conf of Debian. */
  os: { asker: "an installed system's dhclient", codes: [1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42] },
} as const satisfies Readonly<Record<string, RequestList>>;
