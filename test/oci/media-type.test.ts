import { describe, expect, it } from 'vitest';
import {
  ACCEPTED_MANIFESTS,
  bareMediaType,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  IRONCORE_MANIFEST,
  isIndexType,
  isManifestType,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../src/oci/media-type.js';

describe('media types of documents', () => {
  it('are of an index or of a manifest', () => {
    const all = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST, IRONCORE_MANIFEST, 'application/json', ''];
    expect(all.map(isIndexType)).toEqual([true, true, false, false, false, false, false]);
    expect(all.map(isManifestType)).toEqual([false, false, true, true, true, false, false]);
  });

  it('are all accepted, in one header', () => {
    expect(ACCEPTED_MANIFESTS.split(', ').sort()).toEqual(
      [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST, IRONCORE_MANIFEST].sort(),
    );
  });

  it('lose their parameters', () => {
    expect(bareMediaType(' Application/JSON ; charset=utf-8; q=1')).toBe('application/json');
    expect(bareMediaType('')).toBe('');
  });
});
