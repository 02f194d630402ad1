import { describe, expect, it } from '@jest/globals';
import { verifyChecksum } from './nats-release.ts';

const CONTENT = Buffer.from('hello');
const SUM = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

describe('a downloaded release', () => {
  it('is taken when its checksum is the listed one', () => {
    expect(() => verifyChecksum(CONTENT, 'a.tar.gz', `${SUM}  a.tar.gz\n`)).not.toThrow();
  });

  it('is refused when it differs, or is not listed', () => {
    expect(() => verifyChecksum(Buffer.from('other'), 'a.tar.gz', `${SUM}  a.tar.gz`)).toThrow(
      /has checksum/,
    );
    expect(() => verifyChecksum(CONTENT, 'a.tar.gz', `${SUM}  b.tar.gz`)).toThrow(
      /no checksum for a\.tar\.gz/,
    );
  });
});
