import type { EventPublisher, Message, Receipt } from '@orders/messaging';
import type { RelayMetrics } from './outbox-metrics.js';
import { eventIdOf, freshMessageId } from './message-id.js';
import { inPublishSpan } from './publish-span.js';

/** Publishes events so that each receipt proves that the stream holds the event. */
export class RelayPublisher {
  constructor(
    private readonly publisher: EventPublisher,
    private readonly metrics: RelayMetrics,
  ) {}

  /**
   * A duplicate is looked up: the stream may know the id of a message that it has lost, or that it never stored. Such an
   * event is published again under a fresh message id, because its own would be refused until the stream forgets it.
   *
   * @throws what the bus threw, and when the stream acks the fresh id as a duplicate
   */
  async publish(message: Message): Promise<Receipt> {
    try {
      const receipt = await this.send(message);
      if (!receipt.duplicate) return this.counted(message, 'stored', receipt);
      if (await this.isStored(message, receipt)) return this.counted(message, 'known', receipt);
      this.counted(message, 'unproven', receipt);
      const again = await this.send({ ...message, id: freshMessageId(message.id) });
      if (!again.duplicate) return this.counted(message, 'stored', again);
      throw new Error(`the stream acks ${message.id} as a duplicate and does not hold it`);
    } catch (error) {
      this.metrics.published.add(1, { subject: message.subject, outcome: 'failed' });
      throw error;
    }
  }

  private send(message: Message): Promise<Receipt> {
    return inPublishSpan(message, (traced) => this.publisher.publish(traced));
  }

  private async isStored({ id }: Message, { sequence }: Receipt): Promise<boolean> {
    if (sequence === 0) return false;
    const stored = await this.publisher.idAt(sequence);
    return stored !== undefined && eventIdOf(stored) === id;
  }

  private counted({ subject }: Message, outcome: 'stored' | 'known' | 'unproven', receipt: Receipt): Receipt {
    this.metrics.published.add(1, { subject, outcome });
    return receipt;
  }
}
