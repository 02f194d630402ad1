// Forked in a workspace by affected-workspace.ts, with the commit to compare with. It answers each message with what
// `nx affected` selects there by then, and the hash by which the cache of Nx knows each task.
import { rmSync } from 'node:fs';
import { createTaskHasher } from 'nx/src/hasher/create-task-hasher.js';
import { hashTasksThatDoNotDependOnOutputsOfOtherTasks as hashTasks } from 'nx/src/hasher/hash-task.js';
import { readNxJson } from 'nx/src/config/nx-json.js';
import { calculateFileChanges } from 'nx/src/project-graph/file-utils.js';
import { filterAffected } from 'nx/src/project-graph/affected/affected-project-graph.js';
import { createProjectGraphAsync } from 'nx/src/project-graph/project-graph.js';
import { createTaskGraph } from 'nx/src/tasks-runner/create-task-graph.js';
import { parseFiles } from 'nx/src/utils/command-line-utils.js';
import { resetWorkspaceContext } from 'nx/src/utils/workspace-context.js';

const [base = 'main', ...targets] = process.argv.slice(2);
// Nothing is committed after the base, and this asks Git once instead of three times.
const nxArgs = { base, uncommitted: true };

async function answer() {
  // Nx hashes a file again only when its time is of another second.
  rmSync('.nx/workspace-data/nx_files.nxt', { force: true });
  resetWorkspaceContext();
  const graph = await createProjectGraphAsync({ exitOnError: false });
  const changes = calculateFileChanges(parseFiles(nxArgs).files, nxArgs);
  const affected = Object.keys((await filterAffected(graph, changes)).nodes);

  const nxJson = readNxJson();
  const tasks = createTaskGraph(graph, {}, Object.keys(graph.nodes), targets, undefined, {}, false);
  await hashTasks(createTaskHasher(graph, nxJson), graph, tasks, nxJson, null);
  const hashes = Object.fromEntries(Object.values(tasks.tasks).map(({ id, hash }) => [id, hash]));
  return { affected, hashes };
}

process.on('message', async () => process.send?.(await answer()));
process.on('disconnect', () => process.exit(0));
