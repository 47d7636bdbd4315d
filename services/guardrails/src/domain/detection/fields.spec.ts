import { describe, expect, it } from '@jest/globals';
import { partSchema, type Part } from '@countersign/contracts';
import { fieldsOf, type Field } from './fields.js';

const fields = (...parts: object[]): readonly Field[] => {
  const result = fieldsOf(parts.map((part) => partSchema.parse(part)));
  if (!result.ok) throw new Error(result.reason);
  return result.fields;
};
const places = (...parts: object[]): readonly (readonly [string, string, string])[] =>
  fields(...parts).map(({ path, text, leaf }) => [path.join('.'), text, leaf]);

describe('the fields of a body', () => {
  it('are every text, with its place', () => {
    expect(
      places(
        { text: 'a', filename: 'f.txt', mediaType: 'text/plain', origin: 'email:inbox/42' },
        { data: { rows: [{ name: 'b', n: 3.5, yes: true, none: null }] } },
        { url: 'https://example.com/x' },
        { raw: Buffer.from('çé').toString('base64'), mediaType: 'text/plain; charset=utf-8', filename: 'g' },
        { data: 'only' },
      ),
    ).toEqual([
      ['origin', 'email:inbox/42', 'name'],
      ['mediaType', 'text/plain', 'name'],
      ['filename', 'f.txt', 'name'],
      ['text', 'a', 'text'],
      ['data.rows', 'rows', 'key'],
      ['data.rows.0.name', 'name', 'key'],
      ['data.rows.0.name', 'b', 'string'],
      ['data.rows.0.n', 'n', 'key'],
      ['data.rows.0.n', '3.5', 'number'],
      ['data.rows.0.yes', 'yes', 'key'],
      ['data.rows.0.none', 'none', 'key'],
      ['url', 'https://example.com/x', 'text'],
      ['mediaType', 'text/plain; charset=utf-8', 'name'],
      ['filename', 'g', 'name'],
      ['raw', 'çé', 'text'],
      ['data', 'only', 'string'],
    ]);
  });

  it('come from data unless the part says otherwise, and from outside when it names an origin', () => {
    expect(
      fields(
        { text: 'a', channel: 'instruction' },
        { text: 'b' },
        { text: 'c', channel: 'agent_output' },
        { text: 'd', origin: 'web:example.com' },
      )
        .filter(({ leaf }) => leaf === 'text')
        .map(({ part, origin, external }) => [part, origin, external]),
    ).toEqual([
      [0, 'instruction', false],
      [1, 'data', false],
      [2, 'agent_output', false],
      [3, 'data', true],
    ]);
  });

  const raw = (bytes: Buffer, mediaType: string): Part => ({ raw: bytes.toString('base64'), mediaType });
  let deep: object = { end: 1 };
  for (let i = 0; i < 65; i += 1) deep = { deep };

  it.each<[what: string, part: Part, reason: string]>([
    ['a type that nothing here reads', raw(Buffer.from('x'), 'application/pdf'), 'binary'],
    ['a type that only ends like JSON', raw(Buffer.from('x'), 'application/pdf;x+json'), 'binary'],
    ['bytes that are no UTF-8', raw(Buffer.from([0xff, 0xfe, 0x41]), 'text/plain'), 'encoding'],
    ['JSON that is too deep', { data: deep as never }, 'depth'],
  ])('cannot be read from %s', (_what, part, reason) => {
    expect(fieldsOf([{ text: 'fine' }, part])).toEqual({ ok: false, reason });
  });

  it('are read at the greatest depth that is allowed', () => {
    let value: object = { end: 1 };
    for (let i = 0; i < 63; i += 1) value = { deep: value };
    expect(fieldsOf([{ data: value as never }]).ok).toBe(true);
  });

  it('of types of text are read whatever their parameters', () => {
    for (const type of ['text/html', 'application/json', 'application/ld+json; charset=utf-8', 'image/svg+xml'])
      expect(fieldsOf([raw(Buffer.from('x'), type)]).ok).toBe(true);
  });
});
