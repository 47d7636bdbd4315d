import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { ClusterObjects, type ClusterKind, type ClusterObject } from './cluster-objects.js';

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const PATIENCE_MS = 10_000;
const RESOURCES = { Secret: 'secrets', ConfigMap: 'configmaps' } as const;

/** The API server refused; what it says of Secrets is not repeated. */
export class ClusterRefused extends Error {
  readonly code = 'CLUSTER_REFUSED';
}

/** How the API server is reached. */
export interface ApiServerOptions {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly token: string;
  readonly namespace: string;
}

/** Kubernetes' own API with the account of this pod. */
export class ApiServer extends ClusterObjects {
  constructor(private readonly options: ApiServerOptions) {
    super();
  }

  /** With what Kubernetes puts into every pod that has an account; throws where there is none. */
  static inside(env: Readonly<Record<string, string | undefined>>, account = ACCOUNT): ApiServer {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
    if (host === undefined)
      throw new ClusterRefused('KUBERNETES_SERVICE_HOST is missing: this role runs in a pod of Kubernetes only');
    const read = (name: string): string => readFileSync(`${account}/${name}`, 'utf8').trim();
    return new ApiServer({
      host,
      port: Number(port),
      ca: read('ca.crt'),
      token: read('token'),
      namespace: read('namespace'),
    });
  }

  override get namespace(): string {
    return this.options.namespace;
  }

  override async find(kind: ClusterKind, name: string): Promise<ClusterObject | undefined> {
    const { status, text } = await this.#ask('GET', `${this.#path(kind)}/${encodeURIComponent(name)}`);
    if (status === 404) return undefined;
    if (status !== 200) throw new ClusterRefused(`reading ${kind} ${name} was answered ${status}`);
    return JSON.parse(text) as ClusterObject;
  }

  override async create(object: ClusterObject): Promise<boolean> {
    const kind = object.kind as ClusterKind;
    const { status } = await this.#ask('POST', this.#path(kind), JSON.stringify(object));
    if (status === 201) return true;
    if (status === 409) return false;
    throw new ClusterRefused(`making ${kind} ${object.metadata.name} was answered ${status}`);
  }

  #path(kind: ClusterKind): string {
    return `/api/v1/namespaces/${encodeURIComponent(this.namespace)}/${RESOURCES[kind]}`;
  }

  #ask(method: string, path: string, body?: string): Promise<{ readonly status: number; readonly text: string }> {
    const { host, port, ca, token } = this.options;
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const asked = request({ host, port, ca, method, path, headers, timeout: PATIENCE_MS }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      asked.on('timeout', () => asked.destroy(new ClusterRefused('the API server did not answer in 10 s')));
      asked.on('error', reject);
      asked.end(body);
    });
  }
}
