import type { Json, JsonObject } from './json-schemas.js';

/** The fields of an object's schema in one line: name, `?` where it may be left out, what it holds, and its default. */
export function fieldsOf(schema: JsonObject): string {
  const name = referenced(schema);
  if (name !== undefined) return `[${name}](schemas/${name}.json)`;
  const { properties, required } = schema;
  const names = isObject(properties) ? Object.entries(properties) : [];
  if (names.length === 0) return '–';
  const must = new Set(Array.isArray(required) ? (required as readonly Json[]) : []);
  return names.map(([field, inner]) => fieldText(field, inner, must.has(field))).join('; ');
}

function fieldText(field: string, inner: Json, must: boolean): string {
  const fallback = isObject(inner) && 'default' in inner ? ` = ${code(inner['default'])}` : '';
  return `\`${field}${must ? '' : '?'}\` ${typeText(inner)}${fallback}`;
}

function typeText(schema: Json): string {
  if (!isObject(schema)) return 'anything';
  const name = referenced(schema);
  if (name !== undefined) return `[${name}](schemas/${name}.json)`;
  const { anyOf, oneOf, enum: values, items, type } = schema;
  const options = anyOf ?? oneOf;
  if (Array.isArray(options)) return (options as readonly Json[]).map(typeText).join(' or ');
  if (Array.isArray(values)) return (values as readonly Json[]).map(code).join(' or ');
  if (type === 'array') return `list of ${items === undefined ? 'anything' : typeText(items)}`;
  if (type === 'object' && isObject(schema['properties'])) return `{ ${fieldsOf(schema)} }`;
  if ('const' in schema) return code(schema['const']);
  return typeof type === 'string' ? type : 'anything';
}

/** The name that a schema refers to, itself or as the only one of `allOf`. */
function referenced(schema: JsonObject): string | undefined {
  const { $ref, allOf } = schema;
  if (typeof $ref === 'string') return $ref.replace(/^.*\//, '').replace(/\.json$/, '');
  const [only] = Array.isArray(allOf) ? (allOf as readonly Json[]) : [];
  return isObject(only) ? referenced(only) : undefined;
}

function code(value: Json | undefined): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
