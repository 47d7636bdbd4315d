import { z } from 'zod';

/** Budget needs no keys beyond those of every service. */
export const budgetConfig = z.object({});
