import { type ApiDocument, apiChanges } from './api-changes.ts';
import type { ApiChange, Breakage } from './breakage.ts';

/** The published JSON Schema of a version of an event. */
export interface EventSchema {
  /** CloudEvents type. */
  readonly title: string;
  readonly $id: string;
}

export interface Documents {
  readonly api: ApiDocument;
  readonly events: readonly EventSchema[];
}

/**
 * Changes of the HTTP API, and of an event's schema within its version. An event breaks in two directions: a consumer of
 * before must understand the events of now, and a consumer of now those of before, which a replay sends again.
 */
export async function documentChanges(current: Documents, released: Documents): Promise<Breakage[]> {
  const ids = new Set(current.events.map(({ $id }) => $id));
  const gone = released.events.filter(({ $id }) => !ids.has($id));
  const kept = released.events.filter(({ $id }) => ids.has($id));
  const changes = await apiChanges(withEvents(current), withEvents({ ...released, events: kept }));
  return [
    ...gone.map(({ $id }) => ({ at: $id, what: 'is not published any more', fields: [] })),
    ...changes.map((change) => toBreakage(change, kept)),
  ];
}

/** Each event as an operation of the API: what a consumer of before gets is its answer, what one of now must take is its request. */
function withEvents({ api, events }: Documents): ApiDocument {
  const operations = events.map((whole) => {
    const { $id, ...schema } = { ...whole, $schema: undefined };
    const content = { 'application/json': { schema } };
    const responses = { 200: { description: 'the event', content } };
    return [`/${$id}`, { post: { requestBody: { required: true, content }, responses } }] as const;
  });
  return { ...api, paths: { ...(api['paths'] as object), ...Object.fromEntries(operations) } };
}

function toBreakage({ pointer, what }: ApiChange, events: readonly EventSchema[]): Breakage {
  const [, id, direction] = /^#\/paths\/~1(urn:[^/]*)\/post\/(\w+)/.exec(pointer) ?? [];
  const event = events.find(({ $id }) => $id === id);
  if (!event) return { at: pointer.slice(1), what, fields: [] };
  const which = direction === 'requestBody' ? 'an event of before' : 'an event of now';
  const fields = fieldsOf(pointer, what).map((field) => `${event.title}:${field}`);
  return { at: event.$id, what: `${what} (${which}, at ${pointer.split('/schema').at(-1) || '/'})`, fields };
}

/** Paths as `items.quantity` that the change is about: the place itself, and properties that the text names. */
function fieldsOf(pointer: string, what: string): string[] {
  const path = [...pointer.matchAll(/\/properties\/([^/]+)/g)].map(([, name = '']) => name);
  const named = [...what.matchAll(/`(\w+)`/g)].map(([, name = '']) => [...path, name].join('.'));
  return [...(path.length > 0 ? [path.join('.')] : []), ...named];
}
