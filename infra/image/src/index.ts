export { kubernetesManifests } from './kubernetes-manifests.js';
export { ROLES, roleNamed, usage } from './roles.js';
