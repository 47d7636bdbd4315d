import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { onceATurn, writeOnceATurn } from './once-a-turn.js';

describe('what is done once a turn', () => {
  it('is done once however often it is asked for, after all that asked, and again in the next turn', async () => {
    const seen: string[] = [];
    const write = onceATurn(() => void seen.push('write'));
    write();
    await Promise.resolve();
    seen.push('asked');
    write();
    expect(seen).toEqual(['asked']);
    await nextTurn();
    expect(seen).toEqual(['asked', 'write']);
    write();
    await nextTurn();
    expect(seen).toEqual(['asked', 'write', 'write']);
  });

  it('is the writing of a connection, on whatever it is called', async () => {
    const connection = {
      protocol: {
        written: 0,
        flushPending() {
          this.written += 1;
        },
      },
    };
    writeOnceATurn(connection);
    connection.protocol.flushPending();
    connection.protocol.flushPending();
    await nextTurn();
    expect(connection.protocol.written).toBe(1);
  });

  it('leaves a connection that is built otherwise as it is', () => {
    expect(() => writeOnceATurn({})).not.toThrow();
    expect(() => writeOnceATurn({ protocol: {} })).not.toThrow();
  });
});
