import { Injectable } from '@nestjs/common';
import { commandSubjectsOfPeople, MAX_MESSAGE_BYTES } from '@countersign/contracts';
import { inboxPrefixOf } from '@countersign/bus';
import { provesConnection, userToken, type AuthorizationRequest } from '@countersign/identity';
import { Logger } from '@countersign/telemetry';
import { OperatorStore } from '../out/operator.store.js';
import { MAX_SUBSCRIPTIONS, TOKEN_SECONDS, type Admission, type Admitted } from './admission.js';
import { CalloutIssuer } from './callout-issuer.js';

/** A person's signature over the nonce of their connection against a user token with which commands can be sent, and nothing else. Whether a command is theirs to send is judged with each one. */
@Injectable()
export class AdmitPeople implements Admission {
  constructor(
    private readonly issuer: CalloutIssuer,
    private readonly store: OperatorStore,
    private readonly logger: Logger,
  ) {}

  /** Whether somebody says that they are a person: by the form of a person's key id. */
  static claims({ user }: AuthorizationRequest): boolean {
    return user !== undefined && /^operator-[0-9a-f]{16}$/.test(user);
  }

  async admit({ user = '', signature, nonce, userKey }: AuthorizationRequest, now: number): Promise<Admitted> {
    const person = await this.store.byKeyId(user);
    if (
      person === undefined ||
      signature === undefined ||
      !nonce ||
      !provesConnection(person.public_key, { user, sig: signature }, nonce)
    )
      return this.#refuse('AUTHENTICATION_FAILED', person?.org_id);
    const jwt = userToken(
      this.issuer.key,
      {
        account: 'PEOPLE',
        name: person.operator_id,
        userKey,
        expiresAtSeconds: now + TOKEN_SECONDS,
        publish: commandSubjectsOfPeople(),
        subscribe: [`${inboxPrefixOf(user)}.>`],
        maxSubscriptions: MAX_SUBSCRIPTIONS,
        maxPayloadBytes: MAX_MESSAGE_BYTES,
      },
      now,
    );
    // whoever was disabled while this token was made stays out
    const again = await this.store.byKeyId(user);
    return again?.status === 'ACTIVE' ? { jwt } : this.#refuse('CREDENTIAL_REVOKED', person.org_id);
  }

  #refuse(code: 'AUTHENTICATION_FAILED' | 'CREDENTIAL_REVOKED', org: string | undefined): Admitted {
    this.logger.warn('a person was not let in', { code, ...(org === undefined ? {} : { org }) });
    return { error: code };
  }
}
