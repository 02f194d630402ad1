export { type Access, type CallerRequest, RequireScope, type Scope } from './access.js';
export { addAuthentication } from './auth.hook.js';
export { openTokenVerifier } from './open-token-verifier.js';
export { refuseUnsafeKeys, tokenConfig, type TokenConfig } from './token-config.js';
export type { Caller, TokenVerifier } from './token-verifier.js';
