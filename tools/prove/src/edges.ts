import { APPS, type AppDeclaration } from '@orders/dev/stack/declarations';
import { addressVariable, calledBy, isFront, usesNats } from '@orders/dev/stack/wiring';

/** A connection that the proof puts a fault proxy into. */
export interface Edge {
  /** Who connects, and to what: `orders-nats`. */
  readonly name: string;
  /** The app and its variables with addresses; undefined for the clients, which the proof configures itself. */
  readonly configuredBy: { readonly app: string; readonly variables: readonly string[] } | undefined;
}

/** The variables with the URL of a database: that of the app, and that of its relay. */
export const DATABASE_VARIABLES = ['DATABASE_URL', 'RELAY_DATABASE_URL'];

/** Every connection between clients, apps and servers that the apps declare. */
export function edgesOf(apps: readonly AppDeclaration[]): Edge[] {
  const front = apps.find(isFront);
  return apps.flatMap((app) => {
    const { name } = app;
    const edge = (to: string, ...variables: string[]): Edge => ({
      name: `${name}-${to}`,
      configuredBy: { app: name, variables },
    });
    return [
      ...(app === front ? [{ name: `client-${name}`, configuredBy: undefined }] : []),
      ...calledBy(app, apps).map((server) => edge(server.name, addressVariable(server.name))),
      ...(app.database ? [edge('postgres', ...databaseVariables(app))] : []),
      ...(usesNats(app) ? [edge('nats', 'NATS_URL')] : []),
    ];
  });
}

function databaseVariables({ publishes }: AppDeclaration): string[] {
  return publishes.length > 0 ? DATABASE_VARIABLES : DATABASE_VARIABLES.slice(0, 1);
}

/** The edges of this workspace. */
export const EDGES = edgesOf(APPS);

/** The edge between the clients and the app that takes their requests. */
export const CLIENT_EDGE = EDGES.find(({ configuredBy }) => configuredBy === undefined)!.name;
