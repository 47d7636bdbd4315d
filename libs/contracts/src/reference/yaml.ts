import type { Json } from './json-schemas.js';

const PLAIN = /^[A-Za-z](?:[A-Za-z0-9 _/()-]*[A-Za-z0-9)])?$/;
const WORDS = /^(?:true|false|yes|no|on|off|null|y|n)$/i;

/** Writes JSON as a YAML 1.2 document of indented blocks. Texts that could be read as something else stand in double quotes, escaped as in JSON. */
export function toYaml(value: Json): string {
  return `${block(value, '').trimStart()}\n`;
}

function block(value: Json, indent: string): string {
  if (Array.isArray(value)) return list(value as readonly Json[], indent);
  if (typeof value !== 'object' || value === null) return scalar(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return ' {}';
  return entries.map(([key, inner]) => `\n${indent}${scalar(key)}:${nested(inner, indent)}`).join('');
}

function list(items: readonly Json[], indent: string): string {
  if (items.length === 0) return ' []';
  return items.map((item) => `\n${indent}- ${block(item, `${indent}  `).trimStart()}`).join('');
}

function nested(value: Json, indent: string): string {
  return typeof value === 'object' && value !== null ? block(value, `${indent}  `) : ` ${scalar(value)}`;
}

function scalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value);
  return PLAIN.test(value) && !WORDS.test(value) ? value : JSON.stringify(value);
}
