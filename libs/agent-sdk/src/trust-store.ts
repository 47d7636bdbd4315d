import { TrustBundle } from '@countersign/identity';
import type { CredentialFile } from '@countersign/contracts';

/** Newer keys are asked for no oftener, whatever arrives that does not verify. */
const RENEW_EVERY_MS = 2_000;

/** The keys an agent believes: the bundle of its credential file, replaced by a newer one that verifies under the same installation key. */
export class TrustStore {
  #renewing: Promise<void> | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;
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

  /** Asks for the newest bundle, once for all who want it at the same time; says whether there is another one now than the version that did not do. A bundle counts by its own signature, whoever brings it. */
  async renewed(version: number, ask: () => Promise<unknown>): Promise<boolean> {
    if (this.#renewing === undefined && performance.now() - this.#renewedAt >= RENEW_EVERY_MS) {
      this.#renewing = ask()
        .then((file) => void this.offer(file))
        .catch(() => undefined)
        .finally(() => {
          this.#renewedAt = performance.now();
          this.#renewing = undefined;
        });
    }
    await this.#renewing;
    return this.#bundle.version !== version;
  }
}
