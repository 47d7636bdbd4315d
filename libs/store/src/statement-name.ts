const names = new Map<string, string>();

/** Texts with values in them would fill the server's memory: more different ones than this are parsed every time. */
const MOST = 500;

/** A name under which the server keeps a statement parsed and planned on each connection; undefined for one text too many. */
export function statementName(sql: string): string | undefined {
  const known = names.get(sql);
  if (known !== undefined || names.size >= MOST) return known;
  const name = `s${names.size + 1}`;
  names.set(sql, name);
  return name;
}
