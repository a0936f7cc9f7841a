import type { Manifest } from '../oci/manifest.js';
import type { Artifact } from './image.js';
import { layerKindOf } from './media-type.js';
import { ROLES, type Role } from './role.js';

/**
 * What a manifest's layers are for, one artifact a role: the last layer of a current type, else the last of a legacy
 * one (ironcore-image image.go). Layers of unknown types are ignored, since images carry notes and signatures too.
 */
export function artifactsOf(manifest: Manifest): readonly Artifact[] {
  return ROLES.flatMap((role) => {
    const descriptor = lastLayer(manifest, role, 'current') ?? lastLayer(manifest, role, 'legacy');
    return descriptor === undefined ? [] : [{ role, descriptor }];
  });
}

function lastLayer(manifest: Manifest, role: Role, age: 'current' | 'legacy') {
  return manifest.layers.findLast((layer) => {
    const kind = layerKindOf(layer.mediaType);
    return kind?.role === role && kind.age === age;
  });
}
