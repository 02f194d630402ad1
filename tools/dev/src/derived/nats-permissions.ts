import { natsUsers, type NatsUser, permissionsOf } from '@orders/contracts/nats-users';
import type { AppDeclaration } from '../stack/declarations.ts';

/** For docs/nats-permissions.conf: what each user of nats-server may do, as a variable of its configuration. */
export function natsPermissions(apps: readonly AppDeclaration[]): string {
  return natsUsers(apps).map(permissions).join('\n\n');
}

function permissions(user: NatsUser): string {
  const { publish, subscribe } = permissionsOf(user, true);
  const needed = permissionsOf(user, false).publish.allow;
  const own = publish.allow.filter((subject) => !needed.includes(subject));
  const lines = [...needed.map(quoted), ...(own.length > 0 ? [MAKES, ...own.map(quoted)] : [])];
  return [
    `${user.name.replaceAll('-', '_')}_permissions: {`,
    '  publish: { allow: [',
    ...lines.map((line) => `    ${line}`),
    '  ] }',
    `  subscribe: { allow: [${subscribe.allow.map(quoted).join(', ')}] }`,
    '}',
  ].join('\n');
}

const MAKES = '# makes what it needs; delete these lines where only the provisioner may';

function quoted(subject: string): string {
  return JSON.stringify(subject);
}
