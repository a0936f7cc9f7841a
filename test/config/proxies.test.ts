import { expect, it } from 'vitest';
import { refusal } from '../fixtures/configuration-texts.js';

it.each<readonly [string, string]>([
  ['http: { trustedProxies: [nginx] }', 'http.trustedProxies[0]: "nginx" is no address and no subnet'],
  ['http: { accelRedirect: /cache/ }', 'http.accelRedirect: is for proxies alone: name them in http.trustedProxies'],
  ['http: { trustedProxies: "::1", accelRedirect: cache }', 'http.accelRedirect: "cache" is no location of nginx'],
  ['http: { trustedProxies: "::1", accelRedirect: /a/../b/ }', 'is no location of nginx'],
])('refuses %s', (text, message) => {
  expect(refusal(text)).toContain(message);
});
