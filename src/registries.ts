import type { Config } from './config/schema.js';
import { askCredentialHelper } from './oci/credential-helper-process.js';
import { diskCredentials } from './oci/disk-credentials.js';
import { proxiesFrom } from './oci/proxy.js';
import { RegistryClient, type RegistryClientOptions } from './oci/registry-client.js';
import { DEFAULT_SETTINGS, type FindSettings, type RegistrySettings } from './oci/registry-settings.js';

/** A client for registries with the credentials and proxies of this user. `settings` is asked anew for each request. */
export function openRegistries(
  settings: FindSettings,
  warn: (text: string) => void,
  more: Pick<RegistryClientOptions, 'answered'> = {},
): RegistryClient {
  const credentials = diskCredentials({ settings, env: process.env, askHelper: askCredentialHelper });
  return new RegistryClient({ settings, credentials, warn, proxy: proxiesFrom(process.env), ...more });
}

/** What a configuration says of registries; it says nothing of most of them. */
export function settingsIn(config: Pick<Config, 'registries'> | undefined, registry: string): RegistrySettings {
  return config?.registries.get(registry) ?? DEFAULT_SETTINGS;
}
