import { describe, expect, it } from '@jest/globals';
import { Answers } from './answers.ts';

const WIRE = Buffer.from(
  ['201 Created', '503 Service Unavailable', '429 Too Many Requests']
    .map((status) => `HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\n{}`)
    .join(''),
);

describe('answers on a connection', () => {
  it('are found in order', () => {
    expect(new Answers().read(WIRE)).toEqual([201, 503, 429]);
  });

  it('are each found once, wherever the chunks are split', () => {
    for (let cut = 1; cut < WIRE.length; cut += 1) {
      const answers = new Answers();
      const statuses = [...answers.read(WIRE.subarray(0, cut)), ...answers.read(WIRE.subarray(cut))];
      expect(statuses).toEqual([201, 503, 429]);
    }
    const answers = new Answers();
    expect([...WIRE].flatMap((byte) => answers.read(Buffer.from([byte])))).toEqual([201, 503, 429]);
  });
});
