import { endSpan, isTraced, startClientSpan } from '@orders/instrumentation';
import type { Connection } from './silent-server.js';

/** Makes the statements of a connection that are part of a recorded trace spans of it; others pass as they are. */
export function traceStatements(connection: Connection): void {
  const query = connection.query.bind(connection);
  connection.query = (...parameters: unknown[]) => {
    if (!isTraced()) return query(...parameters);
    const { name, text } = statementOf(parameters[0]);
    const span = startClientSpan(`pg.query:${name}`, {
      'db.system.name': 'postgresql',
      'db.namespace': connection.database,
      'db.query.text': text,
    });
    const result = query(...parameters);
    // Whoever takes rows one by one gets them in his own way.
    if (!(result instanceof Promise)) endSpan(span);
    else
      result.then(
        () => endSpan(span),
        (error: unknown) => endSpan(span, { error }),
      );
    return result;
  };
}

/** By the name that it is prepared under, else by its first word. Values are in its parameters, not in its text. */
function statementOf(query: unknown): { name: string; text: string } {
  const { name, text = '' } = typeof query === 'string' ? { text: query } : (query as Partial<Prepared>);
  return { name: name ?? /\w+/.exec(text)?.[0].toUpperCase() ?? '', text };
}

interface Prepared {
  name: string;
  text: string;
}
