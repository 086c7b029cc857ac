import { RULE_SEVERITIES } from './rule.ts';

const TEXT = { type: 'string' } as const;
const DAY = { type: 'string', format: 'date' } as const;

/** The keys of an expected failure. */
export const FAILURE_KEYS: Readonly<Record<string, object>> = {
  reason: { ...TEXT, description: 'Why it fails, and who is about to change that' },
  until: { ...DAY, description: 'The last day (UTC) on which it may fail' },
};

/** The keys of a rule, each with its JSON Schema. */
export const RULE_KEYS: Readonly<Record<string, object>> = {
  name: { ...TEXT, description: 'What is demanded, in words; reports show it' },
  description: { ...TEXT, description: 'Why it is demanded, and what to do when it is broken' },
  severity: {
    enum: RULE_SEVERITIES,
    description: 'Only a broken rule of severity error makes the check fail (default: error)',
  },
  where: { ...TEXT, description: 'CEL on a flow: the rule is about the flows of which it is true (default: all)' },
  every: { ...TEXT, description: 'CEL on a flow that must be true of every flow' },
  none: { ...TEXT, description: 'CEL on a flow that must be true of no flow' },
  expect: {
    ...TEXT,
    description:
      'CEL on numbers about all flows, which must be true: count(…), share(…), rate(…), sum(…), mean(…), min(…), max(…), median(…), percentile(…, 95)',
  },
  'allow-none': { type: 'boolean', description: 'Whether it holds when there is no flow to judge (default: false)' },
  'expected-failure': {
    type: 'object',
    properties: FAILURE_KEYS,
    required: ['reason', 'until'],
    additionalProperties: false,
    description: 'A failure that is known and does not count until that day',
  },
};

/** The keys of a rules file. */
export const FILE_KEYS: Readonly<Record<string, object>> = {
  packs: { type: 'array', items: TEXT, description: 'Packs of lastack whose rules hold as well' },
  rules: {
    type: 'array',
    items: {
      type: 'object',
      properties: RULE_KEYS,
      required: ['name'],
      oneOf: [{ required: ['every'] }, { required: ['none'] }, { required: ['expect'] }],
      additionalProperties: false,
    },
    description: 'What must hold of the flows in a capture',
  },
};

/** A rules file's JSON Schema, for editors. */
export const RULES_SCHEMA: object = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'lastack.yaml: rules for lastack check',
  type: 'object',
  properties: FILE_KEYS,
  additionalProperties: false,
};
