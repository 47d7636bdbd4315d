import type { z, ZodSafeParseResult, ZodType } from 'zod';

type Test = (value: unknown) => boolean;
type Definition = z.core.$ZodTypes['_zod']['def'];
type CheckDefinition = z.core.$ZodChecks['_zod']['def'];

const TESTS = new WeakMap<z.core.$ZodType, Test>();
const unsure: Test = () => false;

/**
 * Whether content that came out of `JSON.parse` is, as it stands, what a schema would make of it: every field good, none that it does not know. False says nothing
 * about the content: it may be good all the same, and the schema has to be asked. What the controls tell each other nearly always fits, at a tenth of the cost.
 */
export function fits<T>(schema: ZodType<T>, content: unknown): content is T {
  return testOf(schema)(content);
}

/** What `safeParse` of a schema answers; content that {@link fits} is not copied. */
export function parseAs<T>(schema: ZodType<T>, content: unknown): ZodSafeParseResult<T> {
  return fits(schema, content) ? { success: true, data: content } : schema.safeParse(content);
}

function testOf(schema: z.core.$ZodType): Test {
  const known = TESTS.get(schema);
  if (known !== undefined) return known;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const made = withChecks(testOfType(def), def);
  TESTS.set(schema, made);
  return made;
}

/** Types that would change a value, and those that nothing here is made of, are never sure. */
function testOfType(def: Definition): Test {
  switch (def.type) {
    case 'string':
      return withFormat((value) => typeof value === 'string', def);
    case 'number':
      return withFormat((value) => Number.isFinite(value), def);
    case 'boolean':
      return (value) => typeof value === 'boolean';
    case 'null':
      return (value) => value === null;
    case 'unknown':
      return () => true;
    case 'enum':
      return isOneOf(Object.values(def.entries));
    case 'literal':
      return isOneOf(def.values);
    case 'nullable':
      return orElse((value) => value === null, testOf(def.innerType));
    case 'optional':
      return orElse((value) => value === undefined, testOf(def.innerType));
    // what it catches is not good as it stands
    case 'catch':
      return testOf(def.innerType);
    case 'array':
      return isArrayOf(testOf(def.element));
    case 'record':
      // names that are listed all have to be there
      return def.keyType._zod.def.type === 'string' ? isRecordOf(testOf(def.keyType), testOf(def.valueType)) : unsure;
    case 'object':
      return def.catchall === undefined || isNever(def.catchall) ? isObjectOf(def.shape) : unsure;
    case 'union':
      return 'discriminator' in def ? isOneKindOf(def as z.core.$ZodDiscriminatedUnionDef) : isAnyOf(def.options);
    default:
      return unsure;
  }
}

function isOneOf(values: readonly unknown[]): Test {
  const all = new Set(values);
  return (value) => all.has(value);
}

function orElse(first: Test, second: Test): Test {
  return (value) => first(value) || second(value);
}

function isArrayOf(element: Test): Test {
  return (value) => {
    if (!Array.isArray(value)) return false;
    for (const each of value) if (!element(each)) return false;
    return true;
  };
}

function isRecordOf(key: Test, element: Test): Test {
  return (value) => {
    if (!isPlainObject(value)) return false;
    for (const name of Object.keys(value))
      if (name === '__proto__' || !key(name) || !element(value[name])) return false;
    return true;
  };
}

function isObjectOf(shape: Readonly<Record<string, z.core.$ZodType>>): Test {
  const fields = Object.entries(shape).map(([name, schema]) => ({ name, test: testOf(schema) }));
  return (value) => {
    if (!isPlainObject(value)) return false;
    let known = 0;
    for (const { name, test } of fields) {
      const field = value[name];
      if (!test(field)) return false;
      if (field !== undefined) known += 1;
    }
    // a field too many would have been dropped or refused
    return Object.keys(value).length === known;
  };
}

/** The first alternative counts, and a later one only where those before it were scalars: an object that one of them would take with a field dropped must not be left whole. */
function isAnyOf(options: readonly z.core.$ZodType[]): Test {
  const objects = options.findIndex(
    (option) => !['string', 'number', 'boolean', 'null'].includes(option._zod.def.type),
  );
  const tests = options.slice(0, objects === -1 ? undefined : objects + 1).map(testOf);
  return (value) => tests.some((test) => test(value));
}

function isOneKindOf({ discriminator, options }: z.core.$ZodDiscriminatedUnionDef): Test {
  const tests = new Map(
    options.flatMap((option) =>
      [...(option._zod.propValues?.[discriminator] ?? [])].map((kind): [unknown, Test] => [kind, testOf(option)]),
    ),
  );
  return (value) => isPlainObject(value) && (tests.get(value[discriminator]) ?? unsure)(value);
}

function withChecks(type: Test, { checks = [] }: Pick<Definition, 'checks'>): Test {
  return checks.map((check) => testOfCheck((check as z.core.$ZodChecks)._zod.def)).reduce(both, type);
}

/** A string or number type that is a format of its own is its own check. */
function withFormat(type: Test, def: object): Test {
  return 'check' in def ? both(type, testOfCheck(def as CheckDefinition)) : type;
}

function both(first: Test, second: Test): Test {
  return (value) => first(value) && second(value);
}

/** Checks run after the type's own test; one that is not known here is never sure. */
function testOfCheck(def: CheckDefinition | z.core.$ZodCustomDef): Test {
  switch (def.check) {
    case 'min_length':
      return (value) => (value as string).length >= def.minimum;
    case 'max_length':
      return (value) => (value as string).length <= def.maximum;
    case 'greater_than':
      return isBeyond(Number(def.value), { ...def, sign: 1 });
    case 'less_than':
      return isBeyond(Number(def.value), { ...def, sign: -1 });
    case 'number_format':
      return def.format === 'safeint' ? (value) => Number.isSafeInteger(value) : unsure;
    case 'string_format':
      return testOfFormat(def);
    case 'custom':
      return 'fn' in def ? (value) => def.fn(value) === true : unsure;
    default:
      return unsure;
  }
}

function isBeyond(limit: number, { inclusive, sign }: { readonly inclusive: boolean; readonly sign: 1 | -1 }): Test {
  return (value) => {
    const by = ((value as number) - limit) * sign;
    return by > 0 || (inclusive && by === 0);
  };
}

const BASE64URL = /^[A-Za-z0-9_-]*$/;

function testOfFormat({ format, pattern }: z.core.$ZodCheckStringFormatDef): Test {
  // without trying to decode it: what is of the alphabet fails only by one character too many
  if (format === 'base64url') return (value) => BASE64URL.test(value as string) && (value as string).length % 4 !== 1;
  return format === 'regex' && pattern !== undefined && !pattern.global && !pattern.sticky
    ? (value) => pattern.test(value as string)
    : unsure;
}

function isNever(schema: z.core.$ZodType): boolean {
  return schema._zod.def.type === 'never';
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
