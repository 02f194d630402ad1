import { natsUsers, permissionsOf } from '@orders/contracts/nats-users';
import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { usesNats } from '@orders/dev/stack/wiring';

/** The Secret with the passwords of all users of NATS, by the names of the variables. */
export const NATS_PASSWORDS = 'nats-passwords';

/** The variable with the password of a user of NATS: ORDERS_PASSWORD. */
export function passwordVariable(user: string): string {
  return `${user.toUpperCase().replaceAll('-', '_')}_PASSWORD`;
}

/**
 * Values of the chart `nats` 2.14.2 of https://nats-io.github.io/k8s/helm/charts: three servers on three nodes, and users with
 * the rights that follow from the declarations.
 */
export function natsValues(apps: readonly AppDeclaration[]): object {
  const users = natsUsers(apps);
  const spread = { maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' };
  return {
    config: {
      cluster: { enabled: true, replicas: 3 },
      jetstream: { enabled: true, fileStore: { pvc: { size: '20Gi' } } },
      monitor: { enabled: true },
      merge: {
        authorization: {
          users: users.map((user) => ({
            user: user.name,
            // The chart leaves out the quotes, so that nats-server reads the variable.
            password: `<< $${passwordVariable(user.name)} >>`,
            permissions: permissionsOf(user, true),
          })),
        },
      },
    },
    container: {
      // Below 2.12.7 there are holes. Change it together with the version of the chart.
      image: { tag: '2.14.2-alpine' },
      env: Object.fromEntries(
        users.map(({ name }) => {
          const secretKeyRef = { name: NATS_PASSWORDS, key: passwordVariable(name) };
          return [passwordVariable(name), { valueFrom: { secretKeyRef } }];
        }),
      ),
    },
    podTemplate: { topologySpreadConstraints: { 'kubernetes.io/hostname': spread } },
    promExporter: { enabled: true },
    natsBox: { enabled: false },
  };
}

/** A highly available Postgres for each app that has a database: a Cluster and a Pooler of CloudNativePG 1.27. */
export function postgresManifests(apps: readonly AppDeclaration[]): object[] {
  return apps.filter(({ database }) => database).flatMap((app) => [cluster(app), pooler(app)]);
}

/** Groups that the migrations give rights to. */
function groupsOf({ name, publishes }: AppDeclaration): string[] {
  const groups = ['app', ...(publishes.length > 0 ? ['relay'] : []), 'operator', 'readonly'];
  return groups.map((group) => `${name}_${group}`);
}

function cluster(app: AppDeclaration): object {
  const { name } = app;
  const groups = groupsOf(app);
  return {
    ...{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata: { name: `${name}-db` } },
    spec: {
      instances: 3,
      imageName: 'ghcr.io/cloudnative-pg/postgresql:18',
      // A commit is on two disks, or it is none: a failover loses nothing that was confirmed.
      postgresql: {
        synchronous: { method: 'any', number: 1, dataDurability: 'required' },
        parameters: {
          tcp_keepalives_idle: '10',
          tcp_keepalives_interval: '5',
          tcp_keepalives_count: '3',
          tcp_user_timeout: '20s',
          client_connection_check_interval: '2s',
        },
      },
      bootstrap: {
        initdb: {
          ...{ database: name, owner: `${name}_owner`, secret: { name: `${name}-db-owner` } },
          ...{ encoding: 'UTF8', dataChecksums: true },
        },
      },
      managed: {
        roles: [
          ...groups.map((group) => ({ name: group, ensure: 'present', login: false })),
          {
            ...{ name: `${name}_login`, ensure: 'present', login: true },
            inRoles: groups.filter((group) => /_(app|relay)$/.test(group)),
            passwordSecret: { name: `${name}-db-login` },
          },
        ],
      },
      affinity: { enablePodAntiAffinity: true, topologyKey: 'kubernetes.io/hostname' },
      storage: { size: '20Gi' },
      walStorage: { size: '10Gi' },
    },
  };
}

/** Sessions, since the apps set timeouts and listen in theirs. */
function pooler({ name }: AppDeclaration): object {
  return {
    ...{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Pooler', metadata: { name: `${name}-db-pooler` } },
    spec: {
      ...{ cluster: { name: `${name}-db` }, instances: 2, type: 'rw' },
      pgbouncer: {
        poolMode: 'session',
        // For each instance: at least replicas × DATABASE_POOL_MAX, and once more during a rollout.
        parameters: { default_pool_size: '60', max_client_conn: '200' },
      },
    },
  };
}

/** The apps with a Secret of their own. */
export function withSecrets(apps: readonly AppDeclaration[]): AppDeclaration[] {
  return apps.filter((app) => app.database || usesNats(app));
}
