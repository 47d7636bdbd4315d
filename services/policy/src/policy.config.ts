import { z } from 'zod';

/** Policy needs no keys beyond those of every service. */
export const policyConfig = z.object({});
