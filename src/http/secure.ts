import { constants } from 'node:crypto';
import type { Server } from 'node:http';
import type { ServerOptions } from 'node:https';
import type { Server as TlsServer } from 'node:tls';
import type { TlsPair } from '../config/schema.js';

/**
 * In the order in which the server prefers them: what anybody modern takes, then what firmware does. EDK2's HTTPS Boot was seen to
 * speak TLS 1.2 with DHE-RSA and RSA key exchange, no ECDHE; iPXE the same with SHA-1 as a last resort, which RFC 5246, 9 wants of
 * everybody. None has RC4, 3DES or no encryption.
 */
const CIPHERS = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ...['DHE-RSA-AES256-GCM-SHA384', 'DHE-RSA-AES128-GCM-SHA256'],
  ...['DHE-RSA-AES256-SHA256', 'DHE-RSA-AES128-SHA256', 'DHE-RSA-AES256-SHA', 'DHE-RSA-AES128-SHA'],
  ...['AES256-GCM-SHA384', 'AES128-GCM-SHA256'],
  ...['AES256-SHA256', 'AES128-SHA256', 'AES256-SHA', 'AES128-SHA'],
].join(':');

/** What a server that speaks TLS is made with. */
export function secureOptions({ cert, key }: TlsPair): ServerOptions {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    // Its cost is that of a handshake, and its turn is nobody's; neither EDK2 nor iPXE asks for it.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    // As strong as the certificate's key.
    dhparam: 'auto',
  };
}

/** New connections are shown this pair; those that are open go on. Throws what the library says of a pair that does not do. */
export function renewPair(server: Server, pair: TlsPair): void {
  // What it is not told again, it forgets.
  (server as Server & Pick<TlsServer, 'setSecureContext'>).setSecureContext(secureOptions(pair));
}
