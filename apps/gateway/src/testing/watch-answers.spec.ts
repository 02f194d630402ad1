import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Answer } from '@orders/http/testing/api-document';
import { watchAnswers } from './watch-answers.js';

let server: Server;
let answers: Answer[];
let handle: RequestListener;
beforeEach(async () => {
  answers = [];
  server = createServer((request, response) => handle(request, response));
  server.on('clientError', (_error, socket) => {
    socket.end('HTTP/1.1 400 Bad Request\r\nX-Own: 1\r\nContent-Length: 2\r\n\r\n{}');
  });
  watchAnswers(server, (answer) => answers.push(answer));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const port = () => (server.address() as AddressInfo).port;
const request = { method: 'POST', path: '/a' };

describe('every answer is reported, in whatever way it is sent', () => {
  it.each<[string, RequestListener]>([
    ['head and body at once', (_, response) => response.writeHead(201, { 'X-Own': 1 }).end('body')],
    [
      'header by header',
      (_, response) => ((response.statusCode = 201), response.setHeader('X-Own', '1').end('body')),
    ],
    [
      'both ways',
      (_, response) => response.setHeader('X-Own', '0').writeHead(201, 'OK', { 'x-own': '1' }).end('body'),
    ],
    [
      'in parts',
      (_, response) => {
        response.writeHead(201, { 'x-own': '1' }).write('bo');
        response.write(Buffer.from('d'));
        response.end('y', () => undefined);
      },
    ],
  ])('%s', async (_name, listener) => {
    handle = listener;
    const received = await fetch(`http://127.0.0.1:${port()}/a?b=c`, { method: 'POST', body: 'x' });
    expect([received.status, received.headers.get('x-own'), await received.text()]).toEqual([
      201,
      '1',
      'body',
    ]);
    expect(answers).toEqual([{ request, status: 201, headers: new Map([['x-own', '1']]), body: 'body' }]);
  });

  it('without a body', async () => {
    handle = (_, response) => response.writeHead(204).end();
    await fetch(`http://127.0.0.1:${port()}/a`, { method: 'POST' });
    expect(answers).toEqual([{ request, status: 204, headers: new Map(), body: '' }]);
  });

  it('to bytes that are not valid HTTP', async () => {
    const socket = connect(port(), '127.0.0.1');
    socket.write('nonsense\r\n\r\n');
    await once(socket.resume(), 'close');
    const headers = new Map([
      ['x-own', '1'],
      ['content-length', '2'],
    ]);
    expect(answers).toEqual([{ request: undefined, status: 400, headers, body: '{}' }]);
  });
});
