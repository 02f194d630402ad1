import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { DomainError } from '@orders/contracts';
import { currentTraceId, traceIdOf } from '@orders/instrumentation';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { problemDetails, problemOf } from './problem.js';
import type { RouteTable } from './route-table.js';

/** Answers every error with problem+json. A bug is logged with its cause, of which the answer shows nothing. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly routes: RouteTable,
    private readonly logger: Logger,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    this.answer(error, host.getArgByIndex<FastifyRequest>(0), host.getArgByIndex<FastifyReply>(1));
  }

  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const noRoute = request.is404 && problemOf(thrown).status === 404;
    const error = (noRoute && this.wrongMethod(request, reply)) || thrown;
    const problem = problemOf(error);
    if (problem.code === 'internal') this.logger.error({ err: error }, 'request failed');
    // Overload is not logged here, so that refusing stays cheap: the access line has the status.
    else if (problem.status >= 500 && problem.code !== 'overloaded')
      this.logger.warn({ err: error }, 'request not served');
    // Headers are sent: no other answer is possible. Closing the connection shows the caller that this one is incomplete.
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const context = request.requestContext;
    const requestId = context?.requestId;
    const traceId = currentTraceId() ?? (context && traceIdOf(context.traceparent));
    if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', problem.retryAfterSeconds);
    reply
      .code(problem.status)
      .header('content-type', 'application/problem+json')
      // As bytes, because Fastify would add a charset to text, which this media type does not have.
      .send(Buffer.from(JSON.stringify(problemDetails(problem, { requestId, traceId }))));
  }

  private wrongMethod(request: FastifyRequest, reply: FastifyReply): DomainError | undefined {
    const methods = this.routes.methodsOf(request.url);
    if (methods.length === 0) return undefined;
    reply.header('allow', methods.join(', '));
    return new DomainError('method-not-allowed', `This resource supports ${methods.join(', ')}`);
  }
}
