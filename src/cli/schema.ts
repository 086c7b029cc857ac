import { CAPTURE_SCHEMA } from '../record/capture.ts';
import { FLOW_FIELDS } from '../record/flow.ts';
import { schemaOf } from '../record/schema.ts';
import { SEGMENT_FIELDS } from '../record/segment.ts';
import { EXIT } from './exit.ts';
import { Output } from './output.ts';

/** `lastack schema`: the records as JSON Schema. */
export function schema(): number {
  const output = new Output(undefined, []);
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:lastack:records',
    title: 'What lastack prints',
    description:
      'flow: a line of analyze -f ndjson; segment: a line of timeline -f ndjson; captureRecord: the last line with --capture-record; document: analyze -f json',
    $defs: {
      flow: schemaOf(FLOW_FIELDS),
      segment: schemaOf(SEGMENT_FIELDS),
      captureRecord: CAPTURE_SCHEMA,
      document: {
        type: 'object',
        properties: {
          lastack: { type: 'string', description: "lastack's version" },
          ...CAPTURE_SCHEMA.properties,
          flows: { type: 'array', items: { $ref: '#/$defs/flow' } },
        },
        required: ['lastack', 'inputs', 'capture', 'flows'],
      },
    },
    oneOf: ['flow', 'segment', 'captureRecord', 'document'].map((name) => ({ $ref: `#/$defs/${name}` })),
  };
  output.out.text(`${JSON.stringify(document, null, 2)}\n`);
  output.close();
  return EXIT.done;
}
