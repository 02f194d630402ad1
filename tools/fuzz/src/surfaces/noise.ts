import fc from 'fast-check';
import { conversation } from '../raw-http.ts';
import { cases, type Surface } from '../surface.ts';
import { mutated, mutationsOfBytes } from './byte-mutations.ts';

/** How a client of each protocol begins, cut down to what needs no state. */
const GREETINGS = [
  Buffer.from('GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
  // HTTP/2: preface, empty SETTINGS, PING.
  Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
    Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
  ]),
  // TLS: the head of a ClientHello.
  Buffer.from([0x16, 3, 1, 0, 4, 1, 0, 0, 0]),
];

/** Every port of every app: bytes of the wrong protocol, or of none. */
export const NOISE: Surface = {
  name: 'noise',
  what: 'bytes of other protocols, changed and random, on every port',
  share: 0.01,
  open: async (sut) => {
    const greetings = fc
      .tuple(fc.constantFrom(...GREETINGS), mutationsOfBytes)
      .map(([bytes, changes]) => mutated(bytes, changes));
    const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    return {
      // Whatever comes back, the connection ends, and the next case finds the process alive.
      check: cases(
        fc.tuple(fc.constantFrom(...sut.ports), fc.oneof(greetings, random)),
        async ([port, bytes]) => {
          await conversation(port, bytes, 0);
        },
      ),
    };
  },
};
