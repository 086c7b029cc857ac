import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { CATALOGUE } from '../../src/findings/catalogue.ts';
import { CONFIDENCES, SEVERITIES, type Values } from '../../src/findings/finding.ts';
import { Found } from '../../src/findings/found.ts';
import { writeFindings } from '../../src/findings/json.ts';

const NAMES = ['by', 'sinceMs', 'flow', 'times', 'note "x"'];

test('findings are written as JSON.stringify writes them, whatever was measured', () => {
  fc.assert(
    fc.property(fc.array(claims(), { maxLength: 4 }), (list) => {
      const found = new Found();
      for (const { code, ...claim } of list) found.add(code, claim);
      const out = new ByteWriter(1);
      writeFindings(out, found.findings);
      expect(out.toString()).toBe(JSON.stringify(found.findings));
    }),
  );
});

function claims() {
  const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
  return fc.record({
    code: fc.constantFrom(...[...CATALOGUE.keys()]),
    severity: fc.constantFrom(...SEVERITIES),
    confidence: fc.constantFrom(...CONFIDENCES),
    frame: fc.integer({ min: 1 }),
    frames: fc.array(fc.nat(), { maxLength: 3 }),
    values: fc.dictionary(fc.constantFrom(...NAMES), value) as fc.Arbitrary<Values>,
  });
}
