import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { canonicalJson, formatDigest, merkleLeaf, merkleRoot, parseDigest, toBase64Url } from '@countersign/primitives';
import { CONTROLS } from '@countersign/contracts';
import { anId, testKeys } from '@countersign/testing';
import { GENESIS } from './chain.js';
import { originOf } from './checkpoint.js';
import { payloadCommitment } from './commitment.js';
import { deploymentOf, fingerprintOf, signCheckpoint } from './signed-note.js';
import { RecordVerifier, type RecordReport } from './verify-export.js';

const FOLDER = join(import.meta.dirname, '..', 'vectors');
/** Keys are random and thrown away: the vectors are made once, by `COUNTERSIGN_WRITE_VECTORS=1`, and committed. */
const WRITE = process.env['COUNTERSIGN_WRITE_VECTORS'] === '1';

interface Expected {
  readonly status: RecordReport['status'];
  readonly position: number | null;
  readonly problem: RegExp | null;
  /** Whose key verifies; the installation's own unless told. */
  readonly key?: 'stranger' | 'none';
}

/** What each file of `vectors/` has to come to. */
const VECTORS: Readonly<Record<string, Expected>> = {
  'good.jsonl': { status: 'ok', position: null, problem: null },
  'good-without-payloads.jsonl': { status: 'ok', position: null, problem: null },
  'good-erased.jsonl': { status: 'ok', position: null, problem: null },
  'changed-byte.jsonl': { status: 'tampered', position: 3, problem: /does not hash/ },
  'changed-and-rehashed.jsonl': { status: 'tampered', position: 4, problem: /leaf before/ },
  'dropped-entry.jsonl': { status: 'tampered', position: 2, problem: /entry 2 is missing/ },
  'reordered.jsonl': { status: 'tampered', position: 2, problem: /missing/ },
  'rewritten-from-the-middle.jsonl': { status: 'tampered', position: null, problem: /another record/ },
  'truncated-tail.jsonl': { status: 'incomplete', position: 5, problem: /ends here/ },
  'cut-in-a-line.jsonl': { status: 'incomplete', position: 5, problem: /cut off/ },
  'forked-checkpoint.jsonl': { status: 'tampered', position: null, problem: /another record/ },
  'checkpoint-of-another-organisation.jsonl': { status: 'tampered', position: null, problem: /this record would be/ },
  'checkpoint-signed-by-a-stranger.jsonl': {
    status: 'tampered',
    position: null,
    problem: /not signed by a key of audit/,
  },
  'checkpoint-signed-by-the-dispatcher.jsonl': {
    status: 'tampered',
    position: null,
    problem: /not signed by a key of audit/,
  },
  'trust-bundle-of-a-stranger.jsonl': {
    status: 'tampered',
    position: null,
    problem: /not signed by the installation key/,
  },
  'stale-checkpoint.jsonl': { status: 'incomplete', position: 4, problem: /covers 4 entries only/ },
  'changed-payload.jsonl': { status: 'tampered', position: 0, problem: /not what the header commits to/ },
  'dropped-payload.jsonl': { status: 'incomplete', position: 0, problem: /not in the file/ },
  'pruned-without-an-entry.jsonl': { status: 'incomplete', position: 0, problem: /no entry says so/ },
  'verdict-of-another-leaf.jsonl': { status: 'tampered', position: 1, problem: /verdict of policy/ },
  'non-canonical-header.jsonl': { status: 'tampered', position: 3, problem: /canonical/ },
  'fraction-in-a-header.jsonl': { status: 'tampered', position: 3, problem: /canonical/ },
};

interface Entry {
  readonly position: number;
  readonly leaf: string;
  readonly header: string;
  readonly payload?: object;
}
type Header = Record<string, unknown>;

const SALT = Buffer.alloc(32, 5);
const open = (bytes: Buffer): object => ({ state: 'open', salt: toBase64Url(SALT), bytes: bytes.toString('base64') });

/** Makes every vector. */
class Maker {
  readonly keys = testKeys();
  readonly strangers = testKeys();
  readonly org = anId();
  readonly origin = originOf(deploymentOf(this.keys.installationKey), this.org);

  chain(contents: readonly { readonly header: Header; readonly payload?: object }[], org = this.org): Entry[] {
    const entries: Entry[] = [];
    for (const [position, { header, payload }] of contents.entries()) {
      const text = canonicalJson({ v: 2, org, seq: position, ...header, prev: entries.at(-1)?.leaf ?? GENESIS });
      const leaf = formatDigest(merkleLeaf(Buffer.from(text)));
      entries.push({ position, leaf, header: text, ...(payload === undefined ? {} : { payload }) });
    }
    return entries;
  }

  root(entries: readonly Entry[]): `sha256:${string}` {
    return formatDigest(merkleRoot(entries.map(({ leaf }) => parseDigest(leaf))));
  }

  head(entries: readonly Entry[], change: object = {}): object {
    const root = this.root(entries);
    return {
      ...{ v: 1, kind: 'countersign-record', org: this.org, origin: this.origin, size: entries.length, root },
      head: entries.at(-1)?.leaf ?? null,
      checkpoint: this.note(entries),
      trustBundle: this.keys.bundleFile,
      installationKey: fingerprintOf(this.keys.installationKey),
      payloads: true,
      exportedAt: '2026-11-25T08:00:00.000Z',
      ...change,
    };
  }

  note(entries: readonly Entry[], by = this.keys.keyOf('audit'), origin = this.origin): string {
    return signCheckpoint(by, { origin, size: entries.length, root: this.root(entries) });
  }
}

function contentsOf(body: Buffer, lines: Readonly<Record<string, string>>, wrong?: string) {
  const leafOf = (line: string): string => formatDigest(merkleLeaf(Buffer.from(line)));
  const bytes = Buffer.from(canonicalJson(wrong === undefined ? lines : { ...lines, policy: wrong }));
  const verdicts = Object.fromEntries(
    CONTROLS.map((c) => [c, { leaf: leafOf(lines[c] ?? ''), decision: 'APPROVE', codes: [] }]),
  );
  const payloadOf = (kind: string, payload: Buffer): object => ({
    kind,
    epoch: '2026-11',
    commitment: payloadCommitment(SALT, payload),
  });
  return [
    { header: { type: 'submitted', payload: payloadOf('submission', body) }, payload: open(body) },
    { header: { type: 'decided', verdicts, payload: payloadOf('verdicts', bytes) }, payload: open(bytes) },
    ...['claimed', 'resulted', 'finished', 'moved:SCREENING'].map((type) => ({ header: { type, payload: null } })),
  ];
}

function vectors(make: Maker): Readonly<Record<string, string>> {
  const lines = Object.fromEntries(CONTROLS.map((control) => [control, JSON.stringify({ type: 'verdict', control })]));
  const contents = contentsOf(Buffer.from('{"hello":"world"}'), lines);
  const good = make.chain(contents);
  const file = (head: object, entries: readonly object[]): string =>
    [head, ...entries].map((line) => JSON.stringify(line)).join('\n') + '\n';
  const withHead = (change: object): string => file(make.head(good, change), good);
  const at = (i: number): Entry => good[i] ?? { position: 0, leaf: '', header: '' };
  const rehashed = (i: number, header: string): Entry => ({
    ...at(i),
    header,
    leaf: formatDigest(merkleLeaf(Buffer.from(header))),
  });
  const bare = good.map(({ payload: _payload, ...entry }) => entry);
  const gone = (state: string, said: boolean): string => {
    const entries = make.chain([
      ...contents.map(({ header }, i) => ({ header, ...(i < 2 ? { payload: { state } } : {}) })),
      ...(said ? [{ header: { type: state, epoch: '2026-11', payload: null } }] : []),
    ]);
    return file(make.head(entries), entries);
  };
  const rewritten = make.chain(contents.map((c, i) => (i < 3 ? c : { header: { ...c.header, rewritten: true } })));
  const wrong = make.chain(contentsOf(Buffer.from('{}'), lines, '{"another":"line"}'));
  const stranger = make.strangers.keyOf('audit');
  return {
    'good.jsonl': file(make.head(good), good),
    'good-without-payloads.jsonl': file(make.head(bare, { payloads: false }), bare),
    'good-erased.jsonl': gone('erased', true),
    'changed-byte.jsonl': file(
      make.head(good),
      good.with(3, { ...at(3), header: at(3).header.replace('resulted', 'resultee') }),
    ),
    'changed-and-rehashed.jsonl': file(
      make.head(good),
      good.with(3, rehashed(3, at(3).header.replace('resulted', 'resultee'))),
    ),
    'dropped-entry.jsonl': file(make.head(good), good.toSpliced(2, 1)),
    'reordered.jsonl': file(make.head(good), good.with(2, at(3)).with(3, at(2))),
    'rewritten-from-the-middle.jsonl': file(make.head(rewritten, { checkpoint: make.note(good) }), rewritten),
    'truncated-tail.jsonl': file(make.head(good), good.slice(0, 5)),
    'cut-in-a-line.jsonl': file(make.head(good), good).slice(0, -40),
    'forked-checkpoint.jsonl': withHead({ checkpoint: make.note(rewritten) }),
    'checkpoint-of-another-organisation.jsonl': withHead({
      checkpoint: make.note(good, make.keys.keyOf('audit'), originOf(deploymentOf(make.keys.installationKey), anId())),
    }),
    'checkpoint-signed-by-a-stranger.jsonl': withHead({ checkpoint: make.note(good, stranger) }),
    'checkpoint-signed-by-the-dispatcher.jsonl': withHead({
      checkpoint: make.note(good, make.keys.keyOf('dispatcher')),
    }),
    'trust-bundle-of-a-stranger.jsonl': withHead({
      checkpoint: make.note(good, stranger),
      trustBundle: make.strangers.bundleFile,
    }),
    'stale-checkpoint.jsonl': withHead({ checkpoint: make.note(good.slice(0, 4)) }),
    'changed-payload.jsonl': file(
      make.head(good),
      good.with(0, { ...at(0), payload: open(Buffer.from('{"hello":"World"}')) }),
    ),
    'dropped-payload.jsonl': file(make.head(good), good.with(0, bare[0] ?? at(0))),
    'pruned-without-an-entry.jsonl': gone('pruned', false),
    'verdict-of-another-leaf.jsonl': file(make.head(wrong), wrong),
    'non-canonical-header.jsonl': file(make.head(good), good.with(3, rehashed(3, `${at(3).header} `))),
    'fraction-in-a-header.jsonl': file(
      make.head(good),
      good.with(3, rehashed(3, at(3).header.replace('"seq":3', '"seq":3.5'))),
    ),
  };
}

if (WRITE) {
  const make = new Maker();
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(vectors(make))) writeFileSync(join(FOLDER, name), text);
  const keys = { installationKey: make.keys.installationKey, strangersKey: make.strangers.installationKey };
  writeFileSync(join(FOLDER, 'keys.json'), `${JSON.stringify(keys, null, 2)}\n`);
}

const keys = JSON.parse(readFileSync(join(FOLDER, 'keys.json'), 'utf8')) as {
  readonly installationKey: string;
  readonly strangersKey: string;
};
const read = (name: string): readonly string[] =>
  readFileSync(join(FOLDER, name), 'utf8').replace(/\n$/, '').split('\n');

function verify(lines: readonly string[], key: string | undefined = keys.installationKey): RecordReport {
  const verifier = new RecordVerifier(key);
  for (const line of lines) verifier.line(line);
  return verifier.finish();
}

describe('an exported record', () => {
  it.each(Object.entries(VECTORS))('%s comes to what it is', (name, { status, position, problem }) => {
    const report = verify(read(name));
    expect(report.status).toBe(status);
    expect(report.first?.position ?? null).toBe(position);
    if (problem !== null) expect(report.first?.problem).toMatch(problem);
    else expect(report.problems).toEqual([]);
  });

  it('has a vector for everything that is listed, and nothing else', () => {
    for (const name of Object.keys(VECTORS)) expect(existsSync(join(FOLDER, name))).toBe(true);
  });

  it('says what it checked', () => {
    expect(verify(read('good.jsonl'))).toMatchObject({
      ...{ size: 6, signedSize: 6, signedBy: expect.stringMatching(/^audit-/) },
      payloads: { checked: 2, pruned: [], erased: [] },
    });
    expect(verify(read('good-erased.jsonl')).payloads).toMatchObject({ checked: 0, erased: ['2026-11'] });
  });

  it('is not authentic under the key of another installation, and no more than whole without one', () => {
    expect(verify(read('good.jsonl'), keys.strangersKey)).toMatchObject({ status: 'tampered' });
    const without = new RecordVerifier(undefined);
    for (const line of read('good.jsonl')) without.line(line);
    expect(without.finish()).toMatchObject({
      status: 'incomplete',
      first: { problem: expect.stringContaining('no installation key') },
    });
  });

  it.each([
    ['nothing', []],
    ['no head', ['{"position":0}']],
    ['no JSON', ['hello']],
  ])('of %s is incomplete', (_what, lines) => {
    expect(verify(lines)).toMatchObject({ status: 'incomplete', size: 0 });
  });

  it.each([...read('good.jsonl').keys()])('is never ok with a changed byte anywhere in line %i', (i) => {
    const lines = read('good.jsonl');
    const line = lines[i] ?? '';
    for (let at = 0; at < line.length; at += 7) {
      const changed = line.slice(0, at) + (line[at] === 'a' ? 'b' : 'a') + line.slice(at + 1);
      // when a record was exported is no part of what is proven
      if (/"exportedAt":"[^"]*$/.test(changed.slice(0, at + 1))) continue;
      const report = verify(lines.with(i, changed));
      if (report.status === 'ok') throw new Error(`line ${i} changed at ${at}: ${changed.slice(at - 30, at + 30)}`);
    }
  });
});
