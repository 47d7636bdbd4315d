const formatters = new Map<string, Intl.DateTimeFormat>();

/** Key `YYYY-MM` of the calendar month that holds an instant (ms) in a zone. Throws a RangeError for a zone that is not known. */
export function periodOf(zone: string, now: number): string {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      calendar: 'gregory',
    });
    formatters.set(zone, formatter);
  }
  const parts = new Map(formatter.formatToParts(now).map((part) => [part.type, part.value]));
  return `${parts.get('year') ?? ''}-${parts.get('month') ?? ''}`;
}
