// Run in a workspace by affected.it.ts, with the commit to compare with: prints what `nx affected` selects there, and the
// hash by which the cache of Nx knows each task.
import { createTaskHasher } from 'nx/src/hasher/create-task-hasher.js';
import { hashTasksThatDoNotDependOnOutputsOfOtherTasks as hashTasks } from 'nx/src/hasher/hash-task.js';
import { readNxJson } from 'nx/src/config/nx-json.js';
import { calculateFileChanges } from 'nx/src/project-graph/file-utils.js';
import { filterAffected } from 'nx/src/project-graph/affected/affected-project-graph.js';
import { createProjectGraphAsync } from 'nx/src/project-graph/project-graph.js';
import { createTaskGraph } from 'nx/src/tasks-runner/create-task-graph.js';
import { parseFiles } from 'nx/src/utils/command-line-utils.js';

const [base = 'main', ...targets] = process.argv.slice(2);
const nxArgs = { base };
const graph = await createProjectGraphAsync({ exitOnError: false });
const changes = calculateFileChanges(parseFiles(nxArgs).files, nxArgs);
const affected = Object.keys((await filterAffected(graph, changes)).nodes);

const nxJson = readNxJson();
const tasks = createTaskGraph(graph, {}, Object.keys(graph.nodes), targets, undefined, {}, false);
await hashTasks(createTaskHasher(graph, nxJson), graph, tasks, nxJson, null);
const hashes = Object.fromEntries(Object.values(tasks.tasks).map(({ id, hash }) => [id, hash]));
process.stdout.write(JSON.stringify({ affected, hashes }));
process.exit(0);
