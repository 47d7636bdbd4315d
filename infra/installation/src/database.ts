import { createDatabase, createRoles } from '@countersign/store';
import { writeSecret } from './files.js';
import type { DatabasePasswords, Installation } from './installation.js';
import { SERVICES, type ServiceName } from './services.js';

const DATABASE = 'countersign';

/** Makes the database with every service's roles and schema, as its superuser, and writes the files with the services' URLs. What is there already only gets its password anew. */
export async function prepareDatabase(superUrl: string, installation: Installation): Promise<void> {
  await prepareRoles(superUrl, installation.passwords);
  writeDatabaseUrls(superUrl, installation);
}

/** Makes the database with every service's roles and schema, as its superuser. */
export async function prepareRoles(
  superUrl: string,
  passwords: Readonly<Record<ServiceName, DatabasePasswords>>,
): Promise<void> {
  await createDatabase(superUrl, DATABASE);
  const url = withDatabase(superUrl);
  for (const service of SERVICES) await createRoles(url, service, passwords[service]);
}

/** Writes the files with the URL of each service's two roles. `base` names the server; its user, password and database are replaced. */
export function writeDatabaseUrls(base: string, { file, passwords }: Pick<Installation, 'file' | 'passwords'>): void {
  const url = withDatabase(base);
  for (const service of SERVICES) {
    const { app, migrate } = passwords[service];
    writeSecret(file(databaseUrlFile(service)), roleUrl(url, `${service}_app`, app));
    writeSecret(file(migrateUrlFile(service)), roleUrl(url, `${service}_migrate`, migrate));
  }
}

/** Name of the file with the URL that a service works with. */
export const databaseUrlFile = (service: ServiceName): string => `database-${service}.url`;

/** Name of the file with the URL that a service's schema is changed with. */
export const migrateUrlFile = (service: ServiceName): string => `migrate-${service}.url`;

/** The product's database on the same server. */
export function withDatabase(superUrl: string): string {
  const url = new URL(superUrl);
  url.pathname = `/${DATABASE}`;
  return url.href;
}

function roleUrl(base: string, user: string, password: string): string {
  const url = new URL(base);
  url.username = user;
  url.password = password;
  return url.href;
}
