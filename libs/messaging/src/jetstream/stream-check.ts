import type { StreamInfo } from '@nats-io/jetstream';
import type { Log } from '../log.js';
import type { NatsLink } from './nats-link.js';
import { isOlderThan } from './nats-server.js';
import { RefusedSetupError } from './refused-setup.js';
import { describeDifference, streamDifferences } from './stream-differences.js';
import type { DeclaredConfig } from './stream-settings.js';

/**
 * Before this version a cluster acks an event that it has refused, when it is sent again, without storing it (2.10), or
 * refuses it for the rest of the duplicate window (2.11).
 */
const OLDEST_REPLICATED = '2.12';

export interface StreamCheckOptions {
  readonly declared: DeclaredConfig;
  readonly link: Pick<NatsLink, 'server' | 'assertUsable'>;
  readonly logger: Log;
}

/**
 * Compares a stream with what its producer declares. A setting that breaks the delivery promise refuses the stream. Any
 * other difference is logged. Each is logged once, and again after it has changed.
 */
export class StreamCheck {
  private refusal: RefusedSetupError | undefined;
  private accepted = false;
  private reported = new Set<string>();

  constructor(private readonly options: StreamCheckOptions) {}

  /** @throws {RefusedSetupError} when publishing to the stream would break the promise */
  accept(info: StreamInfo): void {
    const { declared, logger } = this.options;
    const differences = streamDifferences(info.config, declared);
    const harmful = differences.filter(({ harm }) => harm !== undefined).map(describeDifference);
    const harmless = differences.filter(({ harm }) => harm === undefined).map(describeDifference);
    const tooOld = this.oldServer(info);
    const { name } = info.config;
    this.report(harmless, (text) => logger.warn({ stream: name }, `stream ${name}: ${text}`));
    if (tooOld !== undefined) throw new RefusedSetupError(`stream ${name}: ${tooOld}`);
    if (harmful.length > 0)
      throw new RefusedSetupError(
        `stream ${name}: ${harmful.join('; ')}. The command \`stream apply\` of its producer changes it`,
      );
    this.refusal = undefined;
    this.accepted = true;
  }

  /** Remembers and logs why the stream was refused. */
  refuse(refusal: RefusedSetupError): void {
    if (this.refusal?.message !== refusal.message) this.options.logger.error({}, refusal.message);
    this.refusal = refusal;
  }

  /**
   * For `/readyz`: a process that meets a server or a stream that it cannot use must not replace one that publishes. One
   * that has accepted its stream is ready whatever becomes of both later: it takes requests, and the log keeps their
   * events.
   *
   * @throws {RefusedSetupError} while the server or the stream cannot be used and the stream has never been accepted
   */
  assertReady(): void {
    if (this.accepted) return;
    this.options.link.assertUsable();
    if (this.refusal) throw this.refusal;
  }

  private oldServer({ config }: StreamInfo): string | undefined {
    const { server } = this.options.link;
    if (!server || config.num_replicas < 2 || !isOlderThan(server.version, OLDEST_REPLICATED))
      return undefined;
    return (
      `nats-server ${server.version} can ack events that a stream with replicas has not stored: ` +
      `use ${OLDEST_REPLICATED} or newer, or NATS_STREAM_REPLICAS=1`
    );
  }

  private report(lines: readonly string[], log: (line: string) => void): void {
    for (const line of lines) if (!this.reported.has(line)) log(line);
    this.reported = new Set(lines);
  }
}
