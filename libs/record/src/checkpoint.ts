import { formatDigest, parseDigest, type Digest } from '@countersign/primitives';

/** What a log says of itself at one moment: C2SP `tlog-checkpoint`. */
export interface Checkpoint {
  /** `<deployment>/audit/<org>/<generation>`. */
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** RFC 6962 root over them. */
  readonly root: Digest;
}

/** Generation of the chains: a new one starts only when a chain is begun again on purpose. */
const GENERATION = 1;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const BASE64 = /^[A-Za-z0-9+/]{43}=$/;

/** Origin of an organisation's record: the deployment is named after its installation key, so that nobody else's checkpoint can be taken for it. */
export function originOf(deployment: string, org: string): string {
  return `${deployment}/audit/${org}/${GENERATION}`;
}

/** Text of a checkpoint as it is signed: three lines, each with its line feed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${parseDigest(root).toString('base64')}\n`;
}

/** Reads the text of a checkpoint; undefined when it is none. Lines after the third are refused: nothing here writes extensions. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [origin, size, root, end, ...more] = text.split('\n');
  if (origin === undefined || size === undefined || root === undefined || end !== '' || more.length > 0)
    return undefined;
  if (origin === '' || !SIZE.test(size) || !Number.isSafeInteger(Number(size)) || !BASE64.test(root)) return undefined;
  const bytes = Buffer.from(root, 'base64');
  return bytes.toString('base64') === root ? { origin, size: Number(size), root: formatDigest(bytes) } : undefined;
}
