// Imported first by every program of this folder. Written so that old versions of Node can read it and explain themselves.
var major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  process.stderr.write(
    'Countersign needs Node 20 or newer to start (it then uses the Node 24 of its own dependencies).\n' +
      'This is Node ' +
      process.versions.node +
      ' at ' +
      process.execPath +
      '.\nInstall a newer one from https://nodejs.org/en/download or with your version manager, and try again.\n',
  );
  process.exit(1);
}
if (process.platform === 'win32') {
  process.stderr.write(
    'Countersign runs on Linux and macOS. On Windows use it inside WSL (https://learn.microsoft.com/windows/wsl).\n',
  );
  process.exit(1);
}
