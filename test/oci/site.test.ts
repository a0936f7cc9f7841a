import { expect, it } from 'vitest';
import { areOfOneSite } from '../../src/oci/site.js';

it.each([
  ['registry-1.docker.io', 'auth.docker.io', true],
  ['registry.gitlab.com', 'gitlab.com', true],
  ['registry.lab', 'registry.lab', true],
  ['registry.corp.co.uk', 'auth.corp.co.uk', true],
  ['10.0.0.1', '10.0.0.1', true],
  ['[fd00::1]', '[fd00::1]', true],
  ['me.github.io', 'me.github.io', true],
  ['registry.lab', 'auth.lab', false],
  ['docker.io', 'docker.io.example.com', false],
  ['registry.co.uk', 'evil.co.uk', false],
  ['me.azurecr.io', 'you.azurecr.io', false],
  ['bucket.s3.amazonaws.com', 'other.s3.amazonaws.com', false],
  ['10.0.0.1', '11.0.0.1', false],
  ['ghcr.io', 'quay.io', false],
])('of one site, %s and %s: %s', (one, other, are) => expect(areOfOneSite(one, other)).toBe(are));
