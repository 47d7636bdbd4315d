import { TrustBundle } from '@countersign/identity';
import type { CredentialFile } from '@countersign/contracts';

/** The keys an agent believes: the bundle of its credential file, replaced by a newer one that verifies under the same installation key. */
export class TrustStore {
  #bundle: TrustBundle;
  readonly #installationKey: string;

  constructor(credential: CredentialFile) {
    this.#installationKey = credential.installationKey;
    this.#bundle = TrustBundle.open(credential.trustBundle, credential.installationKey);
  }

  /** The newest bundle seen. */
  get bundle(): TrustBundle {
    return this.#bundle;
  }

  /** Takes a bundle when it verifies and its version is higher; says whether it did. */
  offer(file: unknown): boolean {
    try {
      const offered = TrustBundle.open(file, this.#installationKey);
      if (offered.version <= this.#bundle.version) return false;
      this.#bundle = offered;
      return true;
    } catch {
      return false;
    }
  }
}
