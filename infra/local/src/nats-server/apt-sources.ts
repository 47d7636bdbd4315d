import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A Debian archive that this machine already trusts. */
export interface AptMirror {
  readonly uri: string;
  /** Path of the key file, where the machine's own entry names one. */
  readonly signedBy?: string;
}

/** The Debian archives in the machine's own package sources (both notations), first come first. */
export function debianMirrors(folder = '/etc/apt'): readonly AptMirror[] {
  const files = ['sources.list', ...listed(join(folder, 'sources.list.d')).map((name) => join('sources.list.d', name))];
  const mirrors = files.flatMap((file) => {
    const text = contentsOf(join(folder, file));
    return file.endsWith('.sources') ? stanzas(text) : lines(text);
  });
  const debian = mirrors.filter(({ uri }) => /^https?:\/\/.*\/debian\/?$/.test(uri));
  return [...new Map(debian.map((mirror) => [mirror.uri, mirror])).values()];
}

function lines(text: string): readonly AptMirror[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s/.exec(line);
    if (match?.[2] === undefined) return [];
    return [mirror(match[2], /(?:^|\s)signed-by=(\S+)/i.exec(match[1] ?? '')?.[1])];
  });
}

function stanzas(text: string): readonly AptMirror[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    if (!/^Types:.*\bdeb\b/m.test(stanza) || /^Enabled:\s*no/im.test(stanza)) return [];
    const uris = /^URIs:\s*(.+)$/m.exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    const key = /^Signed-By:\s*(\/\S+)\s*$/m.exec(stanza)?.[1];
    return uris.map((uri) => mirror(uri, key));
  });
}

function mirror(uri: string, signedBy: string | undefined): AptMirror {
  return signedBy === undefined ? { uri } : { uri, signedBy };
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.list') || name.endsWith('.sources'));
  } catch {
    return [];
  }
}

function contentsOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
