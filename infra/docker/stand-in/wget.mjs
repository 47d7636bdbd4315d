#!/usr/local/bin/node
/** Stands where the official image of NATS has wget: answers whether the last argument, a URL, is answered well. */
const response = await fetch(process.argv.at(-1), { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
process.exit(response?.ok === true ? 0 : 1);
