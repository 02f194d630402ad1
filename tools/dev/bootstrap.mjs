// Plain JavaScript without dependencies: this runs on whatever Node a machine has, before anything is installed.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `✗ Node 20.19 or newer is needed to begin (it brings its own Node 24); this is ${process.version}.`,
  );
  process.exit(1);
}

const { main } = await import('./bootstrap/main.mjs');
process.exitCode = await main(process.argv.slice(2));
