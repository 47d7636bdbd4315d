const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses JSON that every parser reads alike (I-JSON, RFC 7493, sections 2.1 and 2.3): bytes that are UTF-8, and no object with one key twice. Undefined for
 * anything else. For bytes that are judged by one program and handed to another.
 */
export function strictJsonOf(bytes: Uint8Array): unknown {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return isAsWrittenHere(value, text) || !repeatsKey(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is written as this very text: then no object has a key twice in it either. True of most, and seen at a third of the cost of looking. */
function isAsWrittenHere(value: unknown, text: string): boolean {
  try {
    return JSON.stringify(value) === text;
  } catch {
    // deeper than this can write
    return false;
  }
}

/** Whether an object of this text, which is valid JSON, has one key twice. */
function repeatsKey(text: string): boolean {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === '{' || char === '[') open.push(new Set());
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const end = endOfString(text, i);
      if (isKey(text, end) && isKnown(open.at(-1), text.slice(i, end))) return true;
      i = end - 1;
    }
  }
  return false;
}

function isKnown(keys: Set<string> | undefined, raw: string): boolean {
  // the same key may be written in several ways
  const key = raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1);
  if (keys === undefined || keys.has(key)) return true;
  keys.add(key);
  return false;
}

/** Index after the closing quote of a string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text.charAt(i) !== '"') i += text.charAt(i) === '\\' ? 2 : 1;
  return i + 1;
}

function isKey(text: string, end: number): boolean {
  let i = end;
  while (/\s/.test(text.charAt(i))) i += 1;
  return text.charAt(i) === ':';
}
