import type { Json, Manifest } from './chart.js';
import { at, listAt, ofKind, textAt, textsAt, type PodTemplate } from './objects.js';

/** Who may be somewhere on the network: labels of a pod, of its namespace, or an address outside. */
export interface Party {
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespace?: Readonly<Record<string, string>>;
  readonly address?: string;
}

const OWN_NAMESPACE = { 'kubernetes.io/metadata.name': 'cs' };

/** A pod of the release as a party. */
export const partyOf = (pod: PodTemplate): Party => ({ labels: pod.labels, namespace: OWN_NAMESPACE });

/** What network policies let through, as networking.k8s.io/v1 says it: whom no policy selects may everything, whom one selects only what one of its rules allows. */
export class Network {
  readonly #policies: readonly Manifest[];

  constructor(objects: readonly Manifest[]) {
    this.#policies = ofKind(objects, 'NetworkPolicy');
  }

  /** Whether one party may open a connection to another on a port. */
  reaches(from: Party, to: Party, port: number, protocol = 'TCP'): boolean {
    return (
      this.#allows('Egress', from, to, { port, protocol }) && this.#allows('Ingress', to, from, { port, protocol })
    );
  }

  #allows(
    direction: 'Ingress' | 'Egress',
    self: Party,
    other: Party,
    ask: { readonly port: number; readonly protocol: string },
  ): boolean {
    // policies of this namespace say nothing of whoever is elsewhere
    if (self.labels === undefined || !matches({ matchLabels: OWN_NAMESPACE }, self.namespace ?? {})) return true;
    const about = this.#policies.filter(
      (policy) =>
        listAt(policy, 'spec', 'policyTypes').includes(direction) &&
        matches(at(policy, 'spec', 'podSelector'), self.labels ?? {}),
    );
    if (about.length === 0) return true;
    const [rules, side] = direction === 'Ingress' ? ['ingress', 'from'] : ['egress', 'to'];
    return about.some((policy) =>
      listAt(policy, 'spec', rules).some((rule) => {
        const ports = listAt(rule, 'ports');
        const peers = listAt(rule, side);
        const portFits =
          ports.length === 0 ||
          ports.some((p) => at(p, 'port') === ask.port && (at(p, 'protocol') ?? 'TCP') === ask.protocol);
        return portFits && (peers.length === 0 || peers.some((peer) => isPeer(peer, other)));
      }),
    );
  }
}

function isPeer(peer: Json, party: Party): boolean {
  const cidr = at(peer, 'ipBlock', 'cidr');
  if (typeof cidr === 'string') return party.address !== undefined && contains(cidr, party.address);
  if (party.labels === undefined) return false;
  const namespaces = at(peer, 'namespaceSelector') ?? { matchLabels: OWN_NAMESPACE };
  return matches(namespaces, party.namespace ?? {}) && matches(at(peer, 'podSelector') ?? {}, party.labels);
}

function matches(selector: Json | undefined, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(textsAt(selector, 'matchLabels'));
  const expressions = listAt(selector, 'matchExpressions');
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    expressions.every((e) => {
      if (at(e, 'operator') !== 'In') throw new Error('only the operator In is read here');
      return listAt(e, 'values').includes(labels[textAt(e, 'key')] ?? '');
    })
  );
}

/** IPv4 only; a block of IPv6 holds no address of IPv4. */
function contains(cidr: string, address: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/');
  if (base.includes(':')) return false;
  const number = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(base) / size) === Math.floor(number(address) / size);
}
