import { afterEach, describe, expect, it } from '@jest/globals';
import { needsNothing } from './command-line.js';

describe('a command line in the image', () => {
  afterEach(() => void delete process.env['COUNTERSIGN_OPERATOR']);

  it.each([
    [[]],
    [['--help']],
    [['approve', 'task', '-h']],
    [['approvals', '--as', 'ann.json']],
    [['approvals', '--as=ann.json']],
    [['operator', 'key', '--out', 'ann.key']],
    [['operator', 'join', 'invitation.json']],
    [['audit', 'verify', '--file', 'record.ndjson']],
  ])('%j needs nothing of the operator', (args) => {
    expect(needsNothing(args)).toBe(true);
  });

  it.each([
    [['org', 'list']],
    [['operator', 'create', 'ann']],
    [['operator', 'list']],
    [['doctor']],
    [['audit', 'verify']],
    [['policy', 'set', '--file', 'p.yaml']],
  ])('%j needs to be told where the system is and the key of the operator', (args) => {
    expect(needsNothing(args)).toBe(false);
    process.env['COUNTERSIGN_OPERATOR'] = 'ann.json';
    expect(needsNothing(args)).toBe(true);
  });
});
