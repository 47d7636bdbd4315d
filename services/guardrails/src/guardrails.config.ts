import { z } from 'zod';

/** Guardrails needs no keys beyond those of every service. */
export const guardrailsConfig = z.object({});
