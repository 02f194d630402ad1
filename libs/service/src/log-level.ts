import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { z } from 'zod';

/** More than any level takes. */
const MAX_BODY_BYTES = 1_024;

/**
 * Answers GET with the level of a logger, and PUT `{"level":"debug"}` by changing it until the process ends. Each answer is
 * `{"level":"…"}`; to a wrong request it is 400 with `{"error":"level: …"}`, and nothing changes.
 */
export async function answerLogLevel(
  request: IncomingMessage,
  response: ServerResponse,
  logger: Pick<Logger, 'info' | 'level' | 'levels'>,
): Promise<void> {
  if (request.method === 'GET') return send(response, 200, { level: logger.level });
  if (request.method !== 'PUT') {
    response.writeHead(405, { allow: 'GET, PUT' }).end();
    return;
  }
  const levels = [...Object.keys(logger.levels.values), 'silent'];
  const { data, error } = z.strictObject({ level: z.enum(levels) }).safeParse(await jsonOf(request));
  if (error) return send(response, 400, { error: error.issues.map(textOf).join('; ') });
  const before = logger.level;
  logger.level = data.level;
  logger.info({ before, level: data.level }, 'log level changed');
  return send(response, 200, data);
}

/** undefined for what is no JSON, or too long to be a level. */
async function jsonOf(request: IncomingMessage): Promise<unknown> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    body += chunk;
    if (body.length > MAX_BODY_BYTES) return undefined;
  }
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function textOf({ path, message }: z.core.$ZodIssue): string {
  return `${path.join('.') || 'body'}: ${message}`;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
