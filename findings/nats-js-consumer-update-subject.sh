#!/usr/bin/env bash
# Which subject the JavaScript client of NATS asks on to make or change a durable depends on its filters: on CONSUMER.CREATE
# when it has none or one, which is then in the subject, and on the older CONSUMER.DURABLE.CREATE when it has a list, also
# an empty one. A user with the right to one of them only is refused once the filters change.
#
# Seen on 2026-11-30: @nats-io/jetstream 3.4.0, Node 24.21.0, nats-server 2.10.27.
#   add, no filter             $JS.API.CONSUMER.CREATE.S.none
#   add, one filter            $JS.API.CONSUMER.CREATE.S.one.a.b
#   add, two filters           $JS.API.CONSUMER.DURABLE.CREATE.S.two
#   update to one filter       $JS.API.CONSUMER.CREATE.S.one.a.c
#   update to two filters      $JS.API.CONSUMER.DURABLE.CREATE.S.one
#   update to no filters       $JS.API.CONSUMER.DURABLE.CREATE.S.two
#
# Fails when that changes. Needs Node 20 or newer, npm, and a Debian apt that knows nats-server (trixie).
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[[ -n "$server" ]] && kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"

npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0

mkdir -p apt/lists/partial apt/cache/partial
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
echo "deb $archive trixie main" >sources.list
options=(-o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root)
apt-get "${options[@]}" -qq update
apt-get "${options[@]}" -qq download nats-server >/dev/null
dpkg -x nats-server_*.deb unpacked
port=$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
unpacked/usr/sbin/nats-server -a 127.0.0.1 -p "$port" -js -sd "$folder/js" >/dev/null 2>&1 &
server=$!

cat >try.mjs <<'JS'
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
const server = `127.0.0.1:${process.argv[2]}`;
const open = async () => {
  for (let tries = 0; tries < 50; tries += 1) {
    const connection = await connect({ servers: server, reconnect: false }).catch(() => undefined);
    if (connection) return connection;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('nats-server does not start');
};
const [client, watcher] = [await open(), await open()];
let asked = '';
const note = (_error, { subject }) => void (subject.includes('CREATE') && (asked = subject));
watcher.subscribe('$JS.API.CONSUMER.>', { callback: note });
await watcher.flush();
const { streams, consumers } = await jetstreamManager(client);
await streams.add({ name: 'S', subjects: ['a.>'] });
const add = (durable_name, filter) => consumers.add('S', { durable_name, ack_policy: 'explicit', ...filter });
const update = (name, filter) => consumers.update('S', name, filter);
const steps = {
  'add, no filter': () => add('none', {}),
  'add, one filter': () => add('one', { filter_subject: 'a.b' }),
  'add, two filters': () => add('two', { filter_subjects: ['a.b', 'a.c'] }),
  'update to one filter': () => update('one', { filter_subject: 'a.c' }),
  'update to two filters': () => update('one', { filter_subject: undefined, filter_subjects: ['a.b', 'a.c'] }),
  'update to no filters': () => update('two', { filter_subjects: [] }),
};
for (const [name, step] of Object.entries(steps)) {
  asked = '';
  await step();
  for (let tries = 0; asked === '' && tries < 50; tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  console.log(`${name}: ${asked}`);
}
process.exit();
JS
seen=$(node try.mjs "$port")
echo "$seen"
wanted='add, no filter: $JS.API.CONSUMER.CREATE.S.none
add, one filter: $JS.API.CONSUMER.CREATE.S.one.a.b
add, two filters: $JS.API.CONSUMER.DURABLE.CREATE.S.two
update to one filter: $JS.API.CONSUMER.CREATE.S.one.a.c
update to two filters: $JS.API.CONSUMER.DURABLE.CREATE.S.one
update to no filters: $JS.API.CONSUMER.DURABLE.CREATE.S.two'
[[ "$seen" == "$wanted" ]] || { echo "it behaves otherwise now"; exit 1; }
