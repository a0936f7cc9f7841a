/** Of UDP: where DHCP's servers and clients are (RFC 2131, 4.1), and where PXE boot servers are asked (PXE 2.1, 2.2). */
export const PORT = { server: 67, client: 68, bootServer: 4011 } as const;
