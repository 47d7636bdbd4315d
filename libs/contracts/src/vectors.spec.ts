import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventIdOf, resultDigest, taskDigest, traceIdOf } from './digests.js';
import { encodeFrame, splitFrame, type FrameHeader } from './frame.js';
import type { AgentRef, TaskKey } from './identities.js';
import { orgPartition, taskPartition } from './partition.js';
import { resultSubject, taskSubject } from './subjects.js';

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', name), 'utf8')) as T;

interface Digested {
  readonly subject: string;
  readonly bodyHex: string;
  readonly digest: string;
}
interface DigestVectors {
  readonly tasks: readonly (Digested & { readonly key: TaskKey })[];
  readonly results: readonly (Digested & { readonly target: AgentRef; readonly grant: string })[];
  readonly evaluations: {
    readonly key: TaskKey;
    readonly of: readonly {
      readonly attempt: number;
      readonly round: number;
      readonly traceId: string;
      readonly events: readonly { readonly type: string; readonly to?: string; readonly id: string }[];
    }[];
  };
}
interface FrameVector {
  readonly header: Omit<FrameHeader, 'v' | 'count'>;
  readonly items: readonly object[];
  readonly bodyHex: string;
  readonly leaves: readonly string[];
  readonly root: string;
  readonly bodyHash: string;
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

describe('vectors', () => {
  const digests = read<DigestVectors>('digests.json');

  it.each(digests.tasks)('of a task’s digest hold: $digest', ({ key, subject, bodyHex, digest }) => {
    expect([taskSubject(key), taskDigest(key, Buffer.from(bodyHex, 'hex'))]).toEqual([subject, digest]);
  });

  it.each(digests.results)('of a result’s digest hold: $digest', ({ target, grant, subject, bodyHex, digest }) => {
    const found = resultDigest(target, grant, Buffer.from(bodyHex, 'hex'));
    expect([resultSubject(target, grant), found]).toEqual([subject, digest]);
  });

  it.each(digests.evaluations.of)('of trace and event ids hold: attempt $attempt, round $round', (vector) => {
    const evaluation = { key: digests.evaluations.key, attempt: vector.attempt, round: vector.round };
    expect(traceIdOf(evaluation)).toBe(vector.traceId);
    for (const { type, to, id } of vector.events) expect(eventIdOf(evaluation, type, to)).toBe(id);
  });

  it('of partitions are the ones that nats-server gave', () => {
    const { partitions } = read<{
      readonly partitions: readonly {
        readonly task: string;
        readonly taskPartition: number;
        readonly org: string;
        readonly orgPartition: number;
      }[];
    }>('partitions.json');
    expect(partitions.map(({ task, org }) => [taskPartition(task), orgPartition(org)])).toEqual(
      partitions.map((vector) => [vector.taskPartition, vector.orgPartition]),
    );
  });

  it.each(read<{ readonly frames: readonly FrameVector[] }>('frames.json').frames)(
    'of frames hold, written and read: $root',
    ({ header, items, bodyHex, leaves, root, bodyHash }) => {
      const frame = encodeFrame(header, items);
      const split = splitFrame(Buffer.from(bodyHex, 'hex'));
      expect(hex(frame.body)).toBe(bodyHex);
      for (const hashes of [frame, split])
        expect([hashes?.leaves.map(hex), hex(hashes?.root), hex(hashes?.bodyHash)]).toEqual([leaves, root, bodyHash]);
    },
  );
});
