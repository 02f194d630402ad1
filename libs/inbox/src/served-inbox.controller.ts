import type { ServerUnaryCall } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { DomainError, isPlainText } from '@orders/contracts';
import { deadlineOf } from '@orders/grpc';
import { withDomainErrors } from '@orders/postgres';
import type { Deadline } from '@orders/resilience';
import type { inboxV1 } from '@orders/rpc';
import { auditOf, findDeadLetter, waitingGroups } from './dead-letter-reads.js';
import { findDeliveries } from './inbox-deliveries.js';
import { deadLetterMessage, deliveryMessage, groupMessage, OUTCOMES } from './inbox-messages.js';
import { discard, redrive, type RedriveOutcome } from './redrive.js';
import { ServedConsumer } from './served-consumer.js';

/** Most ids in a request, and most characters of an event's id, of an operator and of a reason. */
const MAX = { ids: 100, eventId: 512, operator: 128, reason: 1_000 } as const;
/** So much must be left of the deadline to begin with another dead letter, in ms. */
const SETTLE_MS = 500;

/** A 64-bit number as Postgres gives it out. */
const LETTER_ID = /^[1-9]\d{0,17}$/;

/** Serves inbox.v1.Inbox for one consumer. */
@Controller()
export class ServedInboxController {
  constructor(private readonly consumer: ServedConsumer) {}

  @GrpcMethod('Inbox', 'getDeliveries')
  async getDeliveries({ eventIds }: inboxV1.GetDeliveriesRequest): Promise<inboxV1.GetDeliveriesResponse> {
    assertList('/eventIds', eventIds);
    assertEach('/eventIds', eventIds, (id) =>
      id.length > 0 && id.length <= MAX.eventId ? undefined : `1 to ${MAX.eventId} characters`,
    );
    const { name, consumes, database } = this.consumer;
    const deliveries = await withDomainErrors(() => findDeliveries(database, name, eventIds));
    return { consumer: name, consumes: [...consumes], deliveries: deliveries.map(deliveryMessage) };
  }

  @GrpcMethod('Inbox', 'listDeadLetters')
  async listDeadLetters(): Promise<inboxV1.ListDeadLettersResponse> {
    const { name, database } = this.consumer;
    const { groups, isTruncated } = await withDomainErrors(() => waitingGroups(database, name));
    return { groups: groups.map(groupMessage), truncated: isTruncated };
  }

  @GrpcMethod('Inbox', 'getDeadLetter')
  async getDeadLetter({ id }: inboxV1.GetDeadLetterRequest): Promise<inboxV1.DeadLetter> {
    const { name, database, desk } = this.consumer;
    const letter = LETTER_ID.test(id)
      ? await withDomainErrors(() => findDeadLetter(database, id))
      : undefined;
    if (letter?.consumer !== name) throw new DomainError('not-found', 'No dead letter has this id');
    const audit = desk ? await withDomainErrors(() => auditOf(desk, id)) : [];
    return deadLetterMessage(letter, audit);
  }

  @GrpcMethod('Inbox', 'redrive')
  async redrive(
    { ids, operator, dryRun }: inboxV1.RedriveRequest,
    _metadata: unknown,
    call: ServerUnaryCall<inboxV1.RedriveRequest, inboxV1.RedriveResponse>,
  ): Promise<inboxV1.RedriveResponse> {
    assertSettling({ ids, operator });
    const { consumers } = this.consumer;
    const db = this.consumer.assertDesk();
    const results = await settleEach(ids, deadlineOf(call), async (id) => {
      const outcome = await redrive(id, { db, consumers, operator, dryRun });
      return { id, outcome: OUTCOMES[outcome.result], error: errorOf(outcome) };
    });
    return { results };
  }

  @GrpcMethod('Inbox', 'discard')
  async discard(
    { ids, operator, reason }: inboxV1.DiscardRequest,
    _metadata: unknown,
    call: ServerUnaryCall<inboxV1.DiscardRequest, inboxV1.DiscardResponse>,
  ): Promise<inboxV1.DiscardResponse> {
    assertSettling({ ids, operator });
    assertEach('/reason', [reason.trim()], textUpTo(MAX.reason));
    const { name } = this.consumer;
    const db = this.consumer.assertDesk();
    const results = await settleEach(ids, deadlineOf(call), async (id) => {
      const isOwn = (await findDeadLetter(db, id))?.consumer === name;
      const isDone = isOwn && (await discard(db, id, { operator, reason: reason.trim() }));
      return { id, outcome: isDone ? OUTCOMES.discarded : OUTCOMES.skipped, error: '' };
    });
    return { results };
  }
}

/** Settles one after the other, as long as the caller waits. Those that were settled stay so, whatever happens later. */
async function settleEach(
  ids: readonly string[],
  deadline: Deadline,
  settle: (id: string) => Promise<inboxV1.RedriveResult>,
): Promise<inboxV1.RedriveResult[]> {
  const results: inboxV1.RedriveResult[] = [];
  for (const id of ids) {
    if (deadline.signal.aborted || (results.length > 0 && deadline.remainingMs < SETTLE_MS)) break;
    results.push(await withDomainErrors(() => settle(id)));
  }
  return results;
}

function errorOf(outcome: RedriveOutcome): string {
  return outcome.result === 'failed' ? outcome.error : '';
}

function assertSettling({ ids, operator }: { ids: readonly string[]; operator: string }): void {
  assertList('/ids', ids);
  assertEach('/ids', ids, (id) => (LETTER_ID.test(id) ? undefined : 'the id of a dead letter'));
  assertEach('/operator', [operator], textUpTo(MAX.operator));
}

function assertList(pointer: string, values: readonly unknown[]): void {
  if (values.length < 1 || values.length > MAX.ids) throw invalid(pointer, `1 to ${MAX.ids} ids`);
}

/** @param problemOf returns why a value is refused; undefined = it is not */
function assertEach(
  pointer: string,
  values: readonly string[],
  problemOf: (value: string) => string | undefined,
): void {
  for (const value of values) {
    const problem = problemOf(value);
    if (problem !== undefined) throw invalid(pointer, problem);
  }
}

function textUpTo(max: number) {
  return (text: string): string | undefined =>
    text.length >= 1 && text.length <= max && isPlainText(text)
      ? undefined
      : `1 to ${max} characters, none of them a control character`;
}

function invalid(pointer: string, detail: string): DomainError {
  return new DomainError('validation-failed', 'the request breaks a rule', { errors: [{ pointer, detail }] });
}
