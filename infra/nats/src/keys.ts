import { createAccount, createCurve, createUser, type KeyPair } from '@nats-io/nkeys';
import { SIGNERS, type Signer } from '@countersign/contracts';

/** Users of the account CONTROL. */
export const CONTROL_USERS = [...SIGNERS.filter((s) => s !== 'gateway'), 'provisioner'] as const;
/** A user of the account CONTROL. */
export type ControlUser = Exclude<Signer, 'gateway'> | 'provisioner';

/** A key pair as text: the public key stands in the server's configuration, the seed in one file (0600). */
export interface NatsKeyPair {
  readonly publicKey: string;
  readonly seed: string;
}

/** Every NATS key of an installation. */
export interface NatsKeys {
  readonly control: Readonly<Record<ControlUser, NatsKeyPair>>;
  /** The registry's user in AUTH, which answers the auth callout. */
  readonly auth: NatsKeyPair;
  /** The registry's user in SYS, which finds and cuts connections. */
  readonly sys: NatsKeyPair;
  /** Account key that signs the callout's answers. */
  readonly issuer: NatsKeyPair;
  /** Curve key that the callout's requests are sealed for. */
  readonly xkey: NatsKeyPair;
}

function textOf(pair: KeyPair): NatsKeyPair {
  const out = { publicKey: pair.getPublicKey(), seed: Buffer.from(pair.getSeed()).toString('ascii') };
  pair.clear();
  return out;
}

/** New random keys for an installation. */
export function generateNatsKeys(): NatsKeys {
  const control = Object.fromEntries(CONTROL_USERS.map((user) => [user, textOf(createUser())])) as Record<
    ControlUser,
    NatsKeyPair
  >;
  return {
    control,
    auth: textOf(createUser()),
    sys: textOf(createUser()),
    issuer: textOf(createAccount()),
    xkey: textOf(createCurve()),
  };
}
