import { createHmac } from 'node:crypto';
import type { KeyedHash } from '../../domain/transform/mask.js';

/** HMAC-SHA-256 (RFC 2104) under the service's key; the purpose is part of what is hashed, so that hashes of two purposes never meet. */
export function keyedHash(key: Uint8Array): KeyedHash {
  return (purpose, text) =>
    createHmac('sha256', key).update(`countersign/guardrails/v1\0${purpose}\0`).update(text).digest('hex');
}
