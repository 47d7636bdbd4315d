/** Keys from the root on. */
export type JsonPath = readonly (string | number)[];

/** A value of a document that is replaced: `value` is written as a JSON string. */
export interface Rewrite {
  readonly path: JsonPath;
  readonly value: string;
}

interface Wanted {
  readonly children: Map<string, Wanted>;
  value?: string;
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/**
 * Rewrites single leaves of a text that is valid JSON and leaves every other character as it is: numbers keep their digits, keys their order. A path that is not
 * there is not rewritten; the answer tells how many were.
 */
export function rewriteJson(
  json: string,
  rewrites: readonly Rewrite[],
): { readonly json: string; readonly count: number } {
  const root: Wanted = { children: new Map() };
  for (const { path, value } of rewrites) want(root, path, value);
  const tokens: Token[] = [];
  new Walk(json, tokens).value(0, root);
  let out = '';
  let at = 0;
  for (const { start, end, value } of tokens) {
    out += json.slice(at, start) + JSON.stringify(value);
    at = end;
  }
  return { json: out + json.slice(at), count: tokens.length };
}

function want(root: Wanted, path: JsonPath, value: string): void {
  let node = root;
  for (const key of path) {
    const next = node.children.get(String(key)) ?? { children: new Map<string, Wanted>() };
    node.children.set(String(key), next);
    node = next;
  }
  node.value = value;
}

/** Goes once through a document and notes where the wanted leaves stand. */
class Walk {
  constructor(
    private readonly json: string,
    private readonly tokens: Token[],
  ) {}

  /** Answers the index after the value that begins at or after `at`. */
  value(at: number, wanted: Wanted | undefined): number {
    const start = this.#skip(at);
    const first = this.json.charAt(start);
    const end = first === '{' || first === '[' ? this.#inside(start, wanted) : this.#leaf(start);
    if (wanted?.value !== undefined) this.tokens.push({ start, end, value: wanted.value });
    return end;
  }

  #inside(start: number, wanted: Wanted | undefined): number {
    const isObject = this.json.charAt(start) === '{';
    let at = this.#skip(start + 1);
    for (let index = 0; !'}]'.includes(this.json.charAt(at)); index += 1) {
      let key = String(index);
      if (isObject) {
        const end = this.#leaf(at);
        key = String(JSON.parse(this.json.slice(at, end)));
        at = this.#skip(end) + 1;
      }
      at = this.#skip(this.value(at, wanted?.children.get(key)));
      if (this.json.charAt(at) === ',') at = this.#skip(at + 1);
    }
    return at + 1;
  }

  #leaf(start: number): number {
    let at = start;
    if (this.json.charAt(at) !== '"') {
      while (at < this.json.length && !',]}'.includes(this.json.charAt(at)) && !isSpace(this.json.charCodeAt(at)))
        at += 1;
      return at;
    }
    at += 1;
    while (at < this.json.length && this.json.charAt(at) !== '"') at += this.json.charAt(at) === '\\' ? 2 : 1;
    return at + 1;
  }

  #skip(at: number): number {
    let next = at;
    while (isSpace(this.json.charCodeAt(next))) next += 1;
    return next;
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
