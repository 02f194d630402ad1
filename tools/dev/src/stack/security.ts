import { join } from 'node:path';
import { type NatsUser, natsUsers, OPERATOR, permissionsOf } from '@orders/contracts/nats-users';
import { Certificates } from './certificates.ts';
import type { AppDeclaration } from './declarations.ts';
import type { NatsSecurity } from './nats-server.ts';
import type { PostgresSecurity } from './postgres-security.ts';

/** Identity of our tools. As a user of NATS it may do everything: the proof deletes streams. */
const TOOLS = 'tools';
const POSTGRES = 'postgres';
const NATS = 'nats-server';
const SERVERS = [POSTGRES, NATS];

/** What makes the servers of a system demand certificates. */
export interface StackSecurity {
  readonly certificates: Certificates;
  /** The users of NATS beside our tools. */
  readonly natsUsers: readonly NatsUser[];
}

/** For these apps, the servers, our tools and the commands of operators. @param dataDir gets a folder with the files */
export async function stackSecurity(
  dataDir: string,
  apps: readonly AppDeclaration[],
): Promise<StackSecurity> {
  const names = [...apps.map(({ name }) => name), ...SERVERS, OPERATOR, TOOLS];
  return {
    certificates: await Certificates.create(join(dataDir, 'tls'), names),
    natsUsers: natsUsers(apps),
  };
}

export function postgresSecurity(security: StackSecurity): PostgresSecurity {
  return bothEnds(security, POSTGRES);
}

export function natsSecurity(security: StackSecurity): NatsSecurity {
  const users = security.natsUsers.map((user) => ({
    user: user.name,
    permissions: permissionsOf(user, true),
  }));
  return { ...bothEnds(security, NATS), users: [...users, { user: TOOLS }] };
}

function bothEnds({ certificates }: StackSecurity, server: string) {
  return { server: certificates.filesOf(server), tools: certificates.filesOf(TOOLS) };
}
