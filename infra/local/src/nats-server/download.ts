import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LocalError, reasonOf } from '../local-error.js';

const PATIENCE_MS = 180_000;
const LONGEST_TEXT_BYTES = 1024 * 1024;

/** Writes what the URL holds to a file and returns its SHA-256 in hex; rejects on any other answer than 200 and on a transfer that breaks off. */
export async function downloadFile(url: string, file: string): Promise<string> {
  const hash = createHash('sha256');
  let received = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      received += chunk.length;
      done(null, chunk);
    },
  });
  try {
    const response = await get(url);
    await pipeline(bodyOf(response), meter, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    requireWhole(response, received);
  } catch (error) {
    throw failure(url, error);
  }
  return hash.digest('hex');
}

/** A short text; rejects like `downloadFile`, and when it is longer than 1 MiB. */
export async function downloadText(url: string): Promise<string> {
  try {
    const text = await (await get(url)).text();
    if (text.length > LONGEST_TEXT_BYTES) throw new Error('the text is unreasonably long');
    return text;
  } catch (error) {
    throw failure(url, error);
  }
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url, { redirect: 'follow', signal: AbortSignal.timeout(PATIENCE_MS) });
  if (response.status === 200) return response;
  await response.body?.cancel();
  throw new Error(`the server answered ${String(response.status)}`);
}

function bodyOf(response: Response): Readable {
  if (response.body === null) throw new Error('the answer is empty');
  return Readable.fromWeb(response.body);
}

function requireWhole(response: Response, received: number): void {
  const announced = response.headers.get('content-length');
  if (response.headers.has('content-encoding') || announced === null || Number(announced) === received) return;
  throw new Error(`the transfer broke off after ${String(received)} of ${announced} bytes`);
}

function failure(url: string, cause: unknown): LocalError {
  return new LocalError('DOWNLOAD_FAILED', `cannot fetch ${url}: ${reasonOf(cause)}`, { cause });
}
