import { natsUsers, type NatsUser } from '@orders/contracts/nats-users';
import type { AppDeclaration } from '../stack/declarations.ts';

/** For docs/nats-permissions.conf: what each user of nats-server may do, as a variable of its configuration. */
export function natsPermissions(apps: readonly AppDeclaration[]): string {
  return natsUsers(apps).map(permissions).join('\n\n');
}

function permissions({ name, publish, provision, subscribe }: NatsUser): string {
  const own = provision.length > 0 ? [MAKES, ...provision.map(quoted)] : [];
  return [
    `${name.replaceAll('-', '_')}_permissions: {`,
    '  publish: { allow: [',
    ...[...publish.map(quoted), ...own].map((line) => `    ${line}`),
    '  ] }',
    `  subscribe: { allow: [${subscribe.map(quoted).join(', ')}] }`,
    '}',
  ].join('\n');
}

const MAKES = '# makes what it needs; delete these lines where only the provisioner may';

function quoted(subject: string): string {
  return JSON.stringify(subject);
}
