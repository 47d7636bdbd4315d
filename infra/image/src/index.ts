export { ROLES, roleNamed, usage } from './roles.js';
export { kubernetesManifests } from './kubernetes-manifests.js';
export { makeSecrets } from './roles/secrets.js';
