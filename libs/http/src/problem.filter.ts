import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { DomainError } from '@orders/contracts';
import { currentTraceId, traceIdOf } from '@orders/instrumentation';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { problemDetails, problemOf } from './problem.js';
import type { RouteTable } from './route-table.js';

/** Answers every error with problem+json; what is a bug of ours is logged with its cause, and only logged. */
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
    // Of overload, the line of the request tells enough: to refuse must stay cheap.
    else if (problem.status >= 500 && problem.code !== 'overloaded')
      this.logger.warn({ err: error }, 'request not served');
    // Once a byte has gone out there is nothing left to say; cutting tells the caller that it is not the whole.
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
      // As bytes, because Fastify adds a charset to text, which the media type does not have.
      .send(Buffer.from(JSON.stringify(problemDetails(problem, { requestId, traceId }))));
  }

  private wrongMethod(request: FastifyRequest, reply: FastifyReply): DomainError | undefined {
    const methods = this.routes.methodsOf(request.url);
    if (methods.length === 0) return undefined;
    reply.header('allow', methods.join(', '));
    return new DomainError('method-not-allowed', `This resource knows ${methods.join(', ')}`);
  }
}
