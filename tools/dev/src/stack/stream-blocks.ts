import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';

/** Below the limit of a server for the headers of a message, 64 KiB. */
const FILLER = 'x'.repeat(48 * 1024);

/** The files that hold a stream's messages, oldest first; a block is full at 8 MB. `folder` is that of the server. */
export function streamBlocks(folder: string, stream: string): string[] {
  const messages = messagesFolder(folder, stream);
  return readdirSync(messages)
    .filter((name) => name.endsWith('.blk'))
    .sort((a, b) => Number.parseInt(a) - Number.parseInt(b))
    .map((name) => join(messages, name));
}

/** The folder of a stream's messages; `folder` is that of the server. */
export function messagesFolder(folder: string, stream: string): string {
  return join(folder, `jetstream/$G/streams/${stream}/msgs`);
}

/**
 * Publishes copies of the newest message until the stream has begun this many blocks. Copies have the `ce-` headers of
 * the original, as those of a replay, so that consumers recognise them.
 *
 * @returns false when the stream is empty
 */
export async function fillBlocks(
  connection: NatsConnection,
  { folder, stream, subject }: { folder: string; stream: string; subject: string },
  blocks: number,
): Promise<boolean> {
  while (streamBlocks(folder, stream).length < blocks)
    if (!(await copyNewest(connection, { stream, subject }, FILLER))) return false;
  return true;
}

/**
 * Publishes a copy of the newest message of a subject.
 *
 * @param filler makes the copy larger
 * @returns false when there is none
 */
export async function copyNewest(
  connection: NatsConnection,
  { stream, subject }: { stream: string; subject: string },
  filler = '',
): Promise<boolean> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const newest = await manager.streams.getMessage(stream, { last_by_subj: subject });
  if (!newest) return false;
  const marked = headers();
  for (const [name, values] of newest.header)
    if (name.startsWith('ce-')) for (const value of values) marked.append(name, value);
  if (filler) marked.append('filler', filler);
  await jetstream(connection).publish(subject, newest.data, { headers: marked, msgID: randomUUID() });
  return true;
}
