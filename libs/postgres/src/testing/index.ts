export { type Forbidden, forbiddenStatements } from './forbidden-statements.js';
export { ModelConnection, ModelDatabase, ModelSession } from './model-database.js';
export type { LogRow } from './model-tables.js';
export { recordingStatements, sequentialScans, type Statement } from './query-plans.js';
export {
  enterSimulation,
  faults,
  keepsItsPromises,
  leaveSimulation,
  SimulatedProcess,
  Simulation,
  type Commands,
  type ProcessName,
  type World,
} from './simulation.js';
export { requiredProgram, requiredUrl } from './test-config.js';
export { createMigratedDatabase, createTestDatabase, type TestDatabase } from './test-database.js';
export { createTestRole, type TestRole } from './test-role.js';
export { createTestRoles, type RoleKind, type TestRoles } from './test-roles.js';
export { directWire, type Wire } from './wire.js';
