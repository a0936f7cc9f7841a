import type { Digest } from './digest.js';

/**
 * An image reference: tag and digest are two fields, and a digest always pins.
 *
 *     reference  = [ "docker://" ] [ domain "/" ] path [ ":" tag ] [ "@" digest ]
 *                | "oci:" folder [ ":" tag ] [ "@" digest ]
 *     domain     = host [ ":" port ]        holds "." or ":" or an upper-case letter, or is "localhost"
 *     path       = component *( "/" component )
 *     component  = alnum *( separator alnum )  lower case; separators ".", "_", "__", 1*"-"
 *     tag        = word *127( word / "." / "-" )
 *
 * (distribution/reference; OCI image-layout for the second form.)
 */
export type ImageReference = RegistryReference | LayoutReference;

export type RegistryReference = {
  readonly kind: 'registry';
  /** `host[:port]` in lower case; undefined when the text named none. */
  readonly registry: string | undefined;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
};

export type LayoutReference = {
  readonly kind: 'layout';
  /** As written: relative folders belong to the file or command line that names them. */
  readonly folder: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
};
