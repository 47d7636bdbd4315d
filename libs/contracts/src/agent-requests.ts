import { z } from 'zod';
import { nonceSchema, slugSchema, uuidSchema } from './identities.js';
import { patternSchema } from './policy-document.js';
import { trustBundleFileSchema } from './trust-bundle.js';

/** Body of `status` and `peers.list`: a nonce, because the reply is signed over it. */
export const agentRequestSchema = z.object({ nonce: nonceSchema });

/** Reply to `peers.list`: the asking agent's own connections and the newest trust bundle. */
export const peersReplySchema = z.object({
  connections: z.array(
    z.object({
      connection: uuidSchema,
      target: uuidSchema,
      targetOrg: uuidSchema,
      name: slugSchema,
      taskTypes: z.array(patternSchema).nullable(),
    }),
  ),
  trustBundle: trustBundleFileSchema,
});
/** Reply to `peers.list`. */
export type PeersReply = z.infer<typeof peersReplySchema>;
