import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TraceSink {
  url: string;
  /** Exports that came. */
  readonly batches: number;
  close(): void;
}

/** A collector of OTLP over HTTP that counts what it is sent and drops it. */
export async function startTraceSink(): Promise<TraceSink> {
  let batches = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      batches += 1;
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    get batches() {
      return batches;
    },
    close,
  };
}
