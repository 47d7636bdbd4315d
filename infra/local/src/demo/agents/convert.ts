type Conversion = (value: number) => number;

const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  'mi>km': (v) => v * 1.609344,
  'km>mi': (v) => v / 1.609344,
  'm>ft': (v) => v / 0.3048,
  'ft>m': (v) => v * 0.3048,
  'kg>lb': (v) => v / 0.45359237,
  'lb>kg': (v) => v * 0.45359237,
  'F>C': (v) => ((v - 32) * 5) / 9,
  'C>F': (v) => (v * 9) / 5 + 32,
};

/** Converts `12 mi to km` or `2026-11-24 to weekday`; undefined for what it does not know. */
export function convert(request: string): string | undefined {
  const date = /^\s*(\d{4}-\d{2}-\d{2}) to weekday\s*$/.exec(request)?.[1];
  if (date !== undefined)
    return `${date} is a ${new Intl.DateTimeFormat('en-GB', { weekday: 'long', timeZone: 'UTC' }).format(new Date(`${date}T12:00:00Z`))}`;
  const [, value, from, to] = /^\s*(-?\d+(?:\.\d+)?) ?([A-Za-z]+) to ([A-Za-z]+)\s*$/.exec(request) ?? [];
  const convertValue = CONVERSIONS[`${from ?? ''}>${to ?? ''}`];
  return value === undefined || convertValue === undefined
    ? undefined
    : `${value} ${from ?? ''} is ${Number(convertValue(Number(value)).toPrecision(6))} ${to ?? ''}`;
}
