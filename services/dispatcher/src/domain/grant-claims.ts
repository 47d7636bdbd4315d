import { formatInstant } from '@countersign/primitives';
import { taskCanary, type GrantClaims } from '@countersign/contracts';
import type { TaskRecord } from './model.js';

/** Claims of the release grant of a claimed row; undefined when the row lacks what a grant says, which a claimed one never does. */
export function grantClaims(record: TaskRecord): GrantClaims | undefined {
  const { key, attempt, connection, grant, grantId, deliverDigest, claimedAt, task } = record;
  if (
    connection === undefined ||
    grant === undefined ||
    grantId === undefined ||
    deliverDigest === undefined ||
    claimedAt === undefined
  )
    return undefined;
  const deadline = formatInstant(task.deadline);
  const notAfter = grant.notAfter !== null && grant.notAfter < deadline ? grant.notAfter : deadline;
  return {
    aud: connection.agent,
    sub: key.agent,
    jti: grantId,
    iat: Math.floor(claimedAt / 1000),
    exp: Math.floor(Date.parse(notAfter) / 1000),
    org: key.org,
    targetOrg: connection.org,
    task: key.task,
    attempt,
    connection: connection.id,
    root: key.task,
    path: [key.agent, connection.agent],
    onBehalfOf: { orgId: key.org, userId: null },
    digest: deliverDigest,
    models: grant.models,
    tools: grant.tools,
    dataStores: grant.dataStores,
    dataClasses: grant.dataClasses,
    taskTypes: grant.taskTypes,
    maxCostMicros: grant.maxCostMicros,
    notAfter,
    hopsLeft: grant.hopsLeft,
    canary: taskCanary(grantId),
    ...(record.retry === undefined ? {} : { retry: record.retry }),
  };
}
