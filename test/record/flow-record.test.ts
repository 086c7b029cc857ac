import { expect, test } from 'vitest';
import { FLOW_FIELDS } from '../../src/record/flow.ts';
import { formatted, interfacesOf } from './interface.ts';

test('the interface of a flow record is what its table says', async () => {
  const text = interfacesOf('FlowRecord', 'One TCP connection, as captured', FLOW_FIELDS, 'record/flow.ts');
  await expect(formatted(text)).toMatchFileSnapshot('../../src/record/flow-record.ts');
});
