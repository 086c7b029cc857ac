import { expect, test } from 'vitest';
import { SEGMENT_FIELDS } from '../../src/record/segment.ts';
import { formatted, interfacesOf } from './interface.ts';

test('the interface of a segment record is what its table says', async () => {
  const text = interfacesOf('SegmentRecord', 'One TCP segment, as captured', SEGMENT_FIELDS, 'record/segment.ts');
  await expect(formatted(text)).toMatchFileSnapshot('../../src/record/segment-record.ts');
});
