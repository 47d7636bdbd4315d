import { z } from 'zod';
import { RETRY_STRATEGIES } from './guardrail.js';
import { digestSchema, instantSchema, microsSchema, SIGNERS, uuidSchema } from './identities.js';

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);

/** One public key of a signer. `kid` is `<service>-<first 16 hex digits of SHA-256(raw public key)>`. */
export const trustedKeySchema = z.object({
  kid: z.string().max(60),
  service: z.enum(SIGNERS),
  publicKey: base64url.length(43),
  notBefore: instantSchema,
  notAfter: instantSchema,
});
/** One public key of a signer. */
export type TrustedKey = z.infer<typeof trustedKeySchema>;

/** What the installation key signs. */
export const trustBundleBodySchema = z.object({
  v: z.literal(1),
  version: z.number().int().positive(),
  keys: z.array(trustedKeySchema).max(200),
});
/** What the installation key signs. */
export type TrustBundleBody = z.infer<typeof trustBundleBodySchema>;

const keyHolder = z.looseObject({ keys: z.array(z.looseObject({ service: z.string() })).max(200) });

/** Reads a body. A signer that only a newer release has can sign nothing that this one reads, so its keys are left out. Throws on what is no body. */
export function readTrustBundleBody(content: unknown): TrustBundleBody {
  const body = keyHolder.parse(content);
  const keys = body.keys.filter(({ service }) => (SIGNERS as readonly string[]).includes(service));
  return trustBundleBodySchema.parse({ ...body, keys });
}

/** `trust-bundle.json`: body as base64url, and the installation key's signature with subject `trust-bundle`. */
export const trustBundleFileSchema = z.object({ body: base64url, sig: base64url.length(86) });
/** `trust-bundle.json`. */
export type TrustBundleFile = z.infer<typeof trustBundleFileSchema>;

/** What an agent's author gets once: everything to connect, and the keys to verify answers and grants. */
export const credentialFileSchema = z.object({
  nats: z.array(z.string()).min(1),
  org: uuidSchema,
  agent: uuidSchema,
  name: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
  inboxPrefix: z.string(),
  installationKey: base64url.length(43),
  trustBundle: trustBundleFileSchema,
});
/** An agent's credential file. */
export type CredentialFile = z.infer<typeof credentialFileSchema>;

/** Claims of a release grant, `typ: cs-grant+jwt`. Times of JWT are seconds. */
export const grantClaimsSchema = z.object({
  aud: uuidSchema,
  sub: uuidSchema,
  jti: uuidSchema,
  iat: z.number().int(),
  exp: z.number().int(),
  org: uuidSchema,
  targetOrg: uuidSchema,
  task: uuidSchema,
  attempt: z.number().int().min(1),
  connection: uuidSchema,
  root: uuidSchema,
  path: z.array(uuidSchema).min(2),
  onBehalfOf: z.object({ orgId: uuidSchema, userId: z.null() }),
  digest: digestSchema,
  models: z.array(z.string()).nullable(),
  tools: z.array(z.string()).nullable(),
  dataStores: z.array(z.string()).nullable(),
  dataClasses: z.array(z.string()).nullable(),
  taskTypes: z.array(z.string()).nullable(),
  maxCostMicros: microsSchema.nullable(),
  notAfter: instantSchema,
  hopsLeft: z.number().int().min(0).max(10),
  /** This execution's canary ({@link taskCanary}): what repeats it in its output has leaked its grant. */
  canary: z
    .string()
    .regex(/^cnry-[0-9a-f]{16}$/)
    .optional(),
  /** Of an attempt after an output that was not good enough: what the target should do differently. */
  retry: z.object({ strategy: z.enum(RETRY_STRATEGIES), number: z.number().int().min(1).max(3) }).optional(),
});
/** Claims of a release grant. */
export type GrantClaims = z.infer<typeof grantClaimsSchema>;
/** `typ` of a release grant's header. */
export const GRANT_TYPE = 'cs-grant+jwt';
/** Header of a hand-over that carries the release grant. */
export const GRANT_HEADER = 'cs-grant';
/** Headers of a signed message. */
export const SIGNATURE_HEADERS = { kid: 'cs-kid', sig: 'cs-sig' } as const;

/** What a signature is for: the first bytes of what is signed, so that none can be used as another. */
export const PURPOSES = {
  frame: 'countersign/frame/v1',
  round: 'countersign/round/v1',
  record: 'countersign/record/v1',
  answer: 'countersign/answer/v1',
  admin: 'countersign/admin/v1',
  reply: 'countersign/reply/v1',
  bundle: 'countersign/bundle/v1',
  connect: 'countersign/connect/v1',
} as const;
/** What a signature is for. */
export type Purpose = (typeof PURPOSES)[keyof typeof PURPOSES];

/** Reply of a target to a hand-over. */
export const deliveryReplySchema = z.discriminatedUnion('accepted', [
  z.object({ accepted: z.literal(true) }),
  z.object({ accepted: z.literal(false), code: z.string().max(60) }),
]);
/** Reply of a target to a hand-over. */
export type DeliveryReply = z.infer<typeof deliveryReplySchema>;
