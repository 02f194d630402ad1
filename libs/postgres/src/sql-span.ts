import { endSpan, isTraced, startClientSpan } from '@orders/instrumentation';
import type { Connection } from './connection.js';

/** Gives each statement of a connection that runs in a recorded trace a span. Others pass unchanged. */
export function traceStatements(connection: Pick<Connection, 'query' | 'database'>): void {
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
    // A cursor or a stream is no promise, and when it ends is not known here.
    if (!(result instanceof Promise)) endSpan(span);
    else
      result.then(
        () => endSpan(span),
        (error: unknown) => endSpan(span, { error }),
      );
    return result;
  };
}

/** Name of the prepared statement, or else its first word; and its text, which has no values: those are parameters. */
function statementOf(query: unknown): { name: string; text: string } {
  const { name, text = '' } = typeof query === 'string' ? { text: query } : (query as Partial<Prepared>);
  return { name: name ?? /\w+/.exec(text)?.[0].toUpperCase() ?? '', text };
}

interface Prepared {
  name: string;
  text: string;
}
