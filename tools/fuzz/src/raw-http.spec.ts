import { describe, expect, it } from '@jest/globals';
import { parseAnswers } from './raw-http.ts';

const parse = (text: string) => parseAnswers(Buffer.from(text));

describe('the bytes of answers', () => {
  it('are read one after the other, by length and by chunks, without 100 Continue', () => {
    const answers = parse(
      'HTTP/1.1 100 Continue\r\n\r\n' +
        'HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}' +
        'HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n' +
        'HTTP/1.1 204 No Content\r\n\r\n',
    );
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [201, '{}'],
      [400, 'abc'],
      [204, ''],
    ]);
  });

  it.each([
    ['with something after them', 'HTTP/1.1 204 No Content\r\n\r\nmore'],
    ['with a body that is cut off', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'],
    ['without an end of the headers', 'HTTP/1.1 200 OK\r\n'],
    ['of another protocol', 'SSH-2.0-x\r\n\r\n'],
  ])('%s are refused', (_name, text) => {
    expect(() => parse(text)).toThrow();
  });
});
