import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { FLOW_FIELDS } from '../../src/record/flow.ts';
import { interfacesOf } from './interface.ts';

test('the interface of a flow record is what its table says', async () => {
  const text = interfacesOf('FlowRecord', 'One TCP connection, as captured', FLOW_FIELDS, 'record/flow.ts');
  await expect(formatted(text)).toMatchFileSnapshot('../../src/record/flow-record.ts');
});

function formatted(text: string): string {
  return execFileSync('npx', ['biome', 'format', '--stdin-file-path=record.ts'], { input: text, encoding: 'utf8' });
}
