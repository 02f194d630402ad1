import { inboxV1 } from '@orders/rpc';
import type { AuditEntry, DeadLetter, DeadLetterState, WaitingGroup } from './dead-letter-reads.js';
import type { DeliveryLetter, DeliveryState, EventDelivery } from './inbox-deliveries.js';
import type { RedriveOutcome } from './redrive.js';

// Translates what the database has to messages of inbox.v1.

const STATES: Record<DeliveryState, inboxV1.State> = {
  waiting: inboxV1.State.STATE_WAITING,
  applied: inboxV1.State.STATE_APPLIED,
  deadLetter: inboxV1.State.STATE_DEAD_LETTER,
  redriven: inboxV1.State.STATE_REDRIVEN,
  discarded: inboxV1.State.STATE_DISCARDED,
  forgotten: inboxV1.State.STATE_FORGOTTEN,
};

const LETTER_STATES: Record<DeadLetterState, inboxV1.State> = {
  waiting: inboxV1.State.STATE_DEAD_LETTER,
  redriven: inboxV1.State.STATE_REDRIVEN,
  discarded: inboxV1.State.STATE_DISCARDED,
};

export const OUTCOMES: Record<RedriveOutcome['result'] | 'discarded', inboxV1.Outcome> = {
  applied: inboxV1.Outcome.OUTCOME_APPLIED,
  duplicate: inboxV1.Outcome.OUTCOME_DUPLICATE,
  failed: inboxV1.Outcome.OUTCOME_FAILED,
  skipped: inboxV1.Outcome.OUTCOME_SKIPPED,
  discarded: inboxV1.Outcome.OUTCOME_DISCARDED,
};

/** Most UTF-16 code units of an attribute, of a body, and most entries of an audit. */
const MAX = { attribute: 512, body: 16_384, audit: 50 } as const;

export function deliveryMessage({ eventId, state, appliedAt, letter }: EventDelivery): inboxV1.Delivery {
  return {
    ...{ eventId, state: STATES[state], appliedAt: appliedAt?.toISOString() ?? '' },
    deadLetter: letter && { ...letterMessage(eventId, letter), body: '', audit: [] },
  };
}

export function deadLetterMessage(letter: DeadLetter, audit: readonly AuditEntry[]): inboxV1.DeadLetter {
  const { message } = letter;
  return {
    ...letterMessage(message.id, { ...letter, headers: message.headers }),
    body: message.body.slice(0, MAX.body).toWellFormed(),
    audit: audit.slice(-MAX.audit).map(({ at, ...entry }) => ({ at: at.toISOString(), ...entry })),
  };
}

export function groupMessage(group: WaitingGroup): inboxV1.DeadLetterGroup {
  const { error, dataschema, count, ids, oldest, newest } = group;
  const times = { oldestAt: oldest.toISOString(), newestAt: newest.toISOString() };
  return { error, dataschema, count, ids: [...ids], ...times };
}

function letterMessage(eventId: string, letter: DeliveryLetter): Omit<inboxV1.DeadLetter, 'body' | 'audit'> {
  const { id, address, error, attempts, state, createdAt, headers } = letter;
  const attribute = (name: string): string => (headers[name] ?? '').slice(0, MAX.attribute).toWellFormed();
  return {
    ...{ id, eventId, address, error, attempts, state: LETTER_STATES[state] },
    ...{ type: attribute('ce-type'), subject: attribute('ce-subject') },
    ...{ correlationId: attribute('ce-correlationid'), traceparent: attribute('traceparent') },
    createdAt: createdAt.toISOString(),
  };
}
