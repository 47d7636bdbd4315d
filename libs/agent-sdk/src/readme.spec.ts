import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as sdk from './index.js';

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
const code = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block).join('\n');

describe('the README', () => {
  it('imports what there is', () => {
    const [, names = ''] = /import \{([^}]*)\} from '@countersign\/agent-sdk'/.exec(code) ?? [];
    const imported = names.split(',').map((name) => name.trim());
    expect(imported.length).toBeGreaterThan(2);
    for (const name of imported) expect(sdk).toHaveProperty(name);
  });

  it('calls what an agent can do, and all of it', () => {
    const called = new Set([...readme.matchAll(/(?:agent\.|`)(\w+)\(/g)].map(([, name = '']) => name));
    const methods = Object.getOwnPropertyNames(sdk.Agent.prototype).filter(
      (name) => name !== 'constructor' && name !== 'id',
    );
    for (const match of code.matchAll(/agent\.(\w+)\(/g)) expect(methods).toContain(match[1]);
    for (const method of methods) expect([...called, 'close']).toContain(method);
  });

  it('is short', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(60);
  });
});
