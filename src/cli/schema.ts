import { FLOW_FIELDS } from '../record/flow.ts';
import { schemaOf } from '../record/schema.ts';
import { EXIT } from './exit.ts';
import { Output } from './output.ts';

/** `lastack schema`: the records as JSON Schema. */
export function schema(): number {
  const output = new Output(undefined, []);
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: "lastack's records",
    $defs: { flow: schemaOf(FLOW_FIELDS) },
    $ref: '#/$defs/flow',
  };
  output.out.text(`${JSON.stringify(document, null, 2)}\n`);
  output.close();
  return EXIT.done;
}
