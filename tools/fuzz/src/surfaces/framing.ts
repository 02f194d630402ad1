import { exchange } from '../raw-http.ts';
import { cases, type Surface } from '../surface.ts';
import { freshKey, isBusy } from '../system-under-fuzz.ts';
import { type Framed, framings } from './framing-grammar.ts';

/** The statuses of both answers. */
const WANTED = { fine: /^201,201$/, refused: /^400,201$/, forbidden: /^4\d\d$/ };

/** Where a request ends: what RFC 9112 forbids is refused and ends the connection, and no second request comes of it. */
export const FRAMING: Surface = {
  name: 'framing',
  what: 'the HTTP/1.1 grammar: lengths, chunks, line ends, hosts, two requests on one connection',
  share: 0.12,
  open: async (sut) => {
    const { authorization = '' } = await sut.headersOf('framing');
    return {
      check: cases(framings, async ({ verdict, why, bytes }: Framed) => {
        const name = why.replaceAll(/\W+/g, '-').slice(0, 60);
        const keys = [freshKey(`framing-first-${name}`), freshKey(`framing-second-${name}`)] as const;
        const answers = await sut.untilServed(async () => {
          const read = await exchange(sut.port, bytes({ authorization, keys }));
          return read.some(({ status }) => isBusy(status)) ? undefined : read;
        });
        const statuses = answers.map(({ status }) => status);
        for (const answer of answers) {
          const request = answer.status < 300 ? { method: 'POST', path: '/orders' } : undefined;
          if (answer.body !== '') sut.check({ request, ...answer });
        }
        const seen = statuses.join();
        if (!WANTED[verdict].test(seen))
          throw new Error(`${why}: answered ${seen || 'nothing'}, though it is ${verdict}`);
      }),
    };
  },
};
