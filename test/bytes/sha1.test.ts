import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShortSha1 } from '../../src/bytes/sha1.ts';

test('digests are those of SHA-1, whatever the message', () => {
  const sha1 = new ShortSha1();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 55, size: 'max' }), (message) => {
      for (let i = 0; i < message.length; i++) sha1.message.setUint8(i, message[i]!);
      sha1.digest(message.length);
      const hex = Array.from(sha1.words, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
      expect(hex).toBe(createHash('sha1').update(message).digest('hex'));
    }),
  );
});
