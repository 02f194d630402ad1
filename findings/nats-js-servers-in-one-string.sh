#!/usr/bin/env bash
# The JavaScript client of NATS reads a comma separated list in one string as one address: the last one when each has a
# scheme. The others are never tried, and nothing is said. Without schemes the string is refused as an invalid URL. The
# clients in Go and the nats command line read such a list. An array works.
#
# Seen on 2026-11-30: @nats-io/transport-node 3.4.0, Node 24.21.0, nats-server 2.10.27 on the address that runs.
#   ["nats://A","nats://B"], A dead, B runs   connected
#   "nats://A,nats://B",     A dead, B runs   connected
#   "nats://B,nats://A",     A dead, B runs   refused: connection refused
#   "A,B"                                     TypeError: Invalid URL
#
# Fails when that changes. Needs Node 20 or newer, npm, and a Debian apt that knows nats-server (trixie).
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[[ -n "$server" ]] && kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"

npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0

mkdir -p apt/lists/partial apt/cache/partial
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
echo "deb $archive trixie main" >sources.list
options=(-o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root)
apt-get "${options[@]}" -qq update
apt-get "${options[@]}" -qq download nats-server >/dev/null
dpkg -x nats-server_*.deb unpacked
read -r dead running < <(node -e '
  const net = require("node:net");
  const open = () => new Promise((done) => { const s = net.createServer().listen(0, "127.0.0.1", () => done(s)); });
  Promise.all([open(), open()]).then((servers) => { console.log(...servers.map((s) => s.address().port)); servers.forEach((s) => s.close()); });')
unpacked/usr/sbin/nats-server -a 127.0.0.1 -p "$running" >/dev/null 2>&1 &
server=$!

cat >try.mjs <<'JS'
import { connect } from '@nats-io/transport-node';
const [a, b] = process.argv.slice(2).map((port) => `127.0.0.1:${port}`);
const attempts = {
  array: [`nats://${a}`, `nats://${b}`],
  'dead,running': `nats://${a},nats://${b}`,
  'running,dead': `nats://${b},nats://${a}`,
  'no schemes': `${a},${b}`,
};
for (let tries = 0; tries < 50; tries += 1)
  if (await connect({ servers: b, reconnect: false }).then((c) => c.close().then(() => true), () => false)) break;
  else await new Promise((resolve) => setTimeout(resolve, 100));
for (const [name, servers] of Object.entries(attempts)) {
  const outcome = await connect({ servers, timeout: 2000, reconnect: false, noRandomize: true }).then(
    (connection) => connection.close().then(() => 'connected'),
    (error) => (error instanceof TypeError ? 'TypeError' : 'refused'),
  );
  console.log(`${name}: ${outcome}`);
}
JS
seen=$(node try.mjs "$dead" "$running")
echo "$seen"
wanted='array: connected
dead,running: connected
running,dead: refused
no schemes: TypeError'
[[ "$seen" == "$wanted" ]] || { echo "it behaves otherwise now"; exit 1; }
