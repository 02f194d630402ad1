import { isWritableFolder } from './folders.mjs';

/**
 * What a shell may hold for other programs and would change what ours do: how Node, Git, Helm and clients of Postgres
 * behave (a database of ours is named by its whole URL), and colours where no terminal is.
 */
const OF_OTHERS = [
  /^NODE_(ENV|OPTIONS|PATH|V8_COVERAGE|PRESERVE_SYMLINKS(_MAIN)?)$/,
  /^PG[A-Z_]+$/,
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR)$/,
  /^HELM_(?!BIN$)/,
  /^(FORCE_COLOR|CLICOLOR_FORCE)$/,
];

const PROXY = /^(https?|all|grpc)_proxy$/i;
const LOOPBACK = ['127.0.0.1', 'localhost'];

/**
 * The environment that every command of the workspace runs in: the shell's own, without the settings of other programs,
 * without a TMPDIR that cannot be written to, and with no proxy before the servers on this machine.
 * @param {NodeJS.ProcessEnv} shell it is left as it is
 * @returns {NodeJS.ProcessEnv}
 */
export function commandEnvironment(shell) {
  const kept = Object.entries(shell).filter(([name]) => !OF_OTHERS.some((pattern) => pattern.test(name)));
  const env = Object.fromEntries(kept);
  if (env.TMPDIR !== undefined && !isWritableFolder(env.TMPDIR)) delete env.TMPDIR;
  if (!namesProxy(env)) return env;
  // Some programs read the one name, some the other.
  for (const name of ['no_proxy', 'NO_PROXY']) env[name] = withLoopback(env[name]);
  return env;
}

/** Whether programs that mind such variables would ask a proxy. @param {NodeJS.ProcessEnv} env */
export function namesProxy(env) {
  return Object.entries(env).some(([name, value]) => PROXY.test(name) && value);
}

/** @param {string} [hosts] a list with commas, or `*` */
function withLoopback(hosts = '') {
  const listed = hosts.split(',').map((host) => host.trim());
  if (listed.includes('*')) return hosts;
  return [...listed.filter(Boolean), ...LOOPBACK.filter((host) => !listed.includes(host))].join(',');
}
