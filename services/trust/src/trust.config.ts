import { z } from 'zod';

/** Trust needs no keys beyond those of every service. */
export const trustConfig = z.object({});
