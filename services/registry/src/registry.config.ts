import { keyFile, secretFile } from '@countersign/service-host';
import { z } from 'zod';

/** Keys of the registry beyond those of every service. */
export const registryConfig = z.object({
  /** Seed of the registry's user in the account AUTH, which answers the auth callout. */
  COUNTERSIGN_AUTH_NATS_SEED_FILE: secretFile(),
  /** Seed of the registry's user in the account SYS, which finds and cuts connections. */
  COUNTERSIGN_SYS_NATS_SEED_FILE: secretFile(),
  /** Account seed that signs the callout's answers. */
  COUNTERSIGN_CALLOUT_ISSUER_SEED_FILE: secretFile(),
  /** Curve seed that the callout's requests are sealed for. */
  COUNTERSIGN_CALLOUT_XKEY_SEED_FILE: secretFile(),
  /** 32 bytes under which client secrets are hashed. */
  COUNTERSIGN_SECRET_PEPPER_FILE: keyFile(),
});
/** Configuration of the registry. */
export type RegistryConfig = z.output<typeof registryConfig>;
