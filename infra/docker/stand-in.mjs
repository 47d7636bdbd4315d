/**
 * Stand-ins for the images that others publish, for machines that reach no registry of images: a root of this machine's own files, no more than the programs and the libraries that `ldd`
 * names for them. They are for building and trying out here, never for shipping: what is shipped is built on the upstream bases.
 */
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './engine.mjs';
import { Explained, say } from '../local/bin/shared/terminal.mjs';

const HERE = import.meta.dirname;
const CERTIFICATES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];

/** Names of the stand-ins as images. */
export const STAND_INS = {
  build: 'localhost/countersign-stand-in-build',
  runtime: 'localhost/countersign-stand-in-runtime',
  nats: 'localhost/countersign-stand-in-nats',
  postgres: 'localhost/countersign-stand-in-postgres',
};

/** A root of files being put together. */
class Root {
  constructor(folder) {
    this.folder = folder;
    rmSync(folder, { recursive: true, force: true });
    for (const path of ['etc/ssl/certs', 'home', 'tmp', 'usr/local/bin', 'usr/bin']) this.folderAt(path);
    chmodSync(this.at('tmp'), 0o1777);
    this.text('etc/passwd', 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home:/sbin/nologin\n');
    this.text('etc/group', 'root:x:0:\nnonroot:x:65532:\n');
  }

  at(path) {
    return join(this.folder, path);
  }

  folderAt(path) {
    mkdirSync(this.at(path), { recursive: true });
  }

  text(path, content, mode = 0o644) {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content, { mode });
  }

  /** A file of this machine. */
  file(source, path) {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    copyFileSync(realpathSync(source), this.at(path));
  }

  /** A program of this machine, with the libraries that it is linked with. */
  program(source, path, options = {}) {
    if (path !== undefined) {
      this.file(source, path);
      chmodSync(this.at(path), 0o755);
    }
    for (const [, library] of run('ldd', [source], options).output.matchAll(/(?:=> |^\s*)(\/\S+)/gm))
      if (!existsSync(this.at(library))) this.file(library, library);
  }

  /** A small program in JavaScript that stands where another image has one of its own. */
  script(path, name) {
    this.file(join(HERE, 'stand-in', name), path);
    chmodSync(this.at(path), 0o755);
  }

  certificates() {
    const own = process.env.NODE_EXTRA_CA_CERTS ?? CERTIFICATES.find((path) => existsSync(path));
    if (own !== undefined && existsSync(own)) this.file(own, 'etc/ssl/certs/ca-certificates.crt');
  }
}

/** Builds one stand-in; answers its name. */
export function standIn(kind, engine, context) {
  const root = new Root(join(context.scratch, kind));
  const settings = MAKERS[kind](root, context);
  writeFileSync(`${root.folder}.Dockerfile`, ['FROM scratch', 'COPY . /', ...settings, ''].join('\n'));
  say(`stand-in for the ${kind} image, of this machine's own files: ${STAND_INS[kind]}`);
  const request = { file: `${root.folder}.Dockerfile`, context: root.folder, tag: STAND_INS[kind] };
  if (!engine.build(request).ok) throw new Explained(`The stand-in ${STAND_INS[kind]} could not be built.`);
  return STAND_INS[kind];
}

const MAKERS = {
  build(root, { node }) {
    root.program(node, 'usr/local/bin/node');
    root.program('/bin/sh', 'bin/sh');
    root.program('/usr/bin/env', 'usr/bin/env');
    const npm = dirname(dirname(realpathSync(run('sh', ['-c', 'command -v npm']).stdout.trim())));
    cpSync(npm, root.at('usr/local/lib/node_modules/npm'), { recursive: true });
    root.text('usr/local/bin/npm', '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n', 0o755);
    root.certificates();
    const certificates = '/etc/ssl/certs/ca-certificates.crt';
    return [
      `ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_EXTRA_CA_CERTS=${certificates} npm_config_cafile=${certificates}`,
    ];
  },
  runtime(root, { node }) {
    root.program(node);
    root.certificates();
    return ['USER 65532:65532'];
  },
  nats(root, { node, natsServer }) {
    root.program(node, 'usr/local/bin/node');
    root.program(natsServer, 'usr/local/bin/nats-server');
    root.script('usr/bin/wget', 'wget.mjs');
    return ['ENV PATH=/usr/local/bin:/usr/bin', 'USER 65532:65532', 'ENTRYPOINT ["/usr/local/bin/nats-server"]'];
  },
  postgres(root, { node, postgres }) {
    root.program(node, 'usr/local/bin/node');
    root.program('/bin/sh', 'bin/sh');
    cpSync(postgres, root.at('usr/lib/postgresql'), { recursive: true, verbatimSymlinks: true });
    const env = { LD_LIBRARY_PATH: join(postgres, 'lib') };
    for (const name of ['postgres', 'initdb']) root.program(join(postgres, 'bin', name), undefined, { env });
    root.script('usr/local/bin/docker-entrypoint', 'postgres.mjs');
    root.script('usr/local/bin/pg_isready', 'pg-isready.mjs');
    return [
      'ENV PATH=/usr/lib/postgresql/bin:/usr/local/bin:/usr/bin LD_LIBRARY_PATH=/usr/lib/postgresql/lib',
      'USER 65532:65532',
      'ENTRYPOINT ["/usr/local/bin/docker-entrypoint"]',
      'CMD ["postgres"]',
    ];
  },
};
