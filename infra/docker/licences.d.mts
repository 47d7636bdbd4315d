import type { Lock } from './closure.mjs';

export const ALLOWED: readonly string[];
export function licenceList(lock: Lock): string;
export function refusedLicences(lock: Lock): string[];
export function isAllowed(expression: unknown): boolean;
