import type { AuthorizationRequest } from '@countersign/identity';

/** A user token lives at most ten minutes; the server ends the connection then and its client connects anew. */
export const TOKEN_SECONDS = 600;
/** Subscriptions of one connection. */
export const MAX_SUBSCRIPTIONS = 50;

/** What a server is answered: a user token, or why nobody gets in, which it logs and the client does not learn. */
export type Admitted = { readonly jwt: string } | { readonly error: string };

/** Lets in one kind of client. `now` in seconds. */
export interface Admission {
  admit(request: AuthorizationRequest, now: number): Promise<Admitted>;
}
