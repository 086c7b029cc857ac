import type { Report } from '../rule.ts';
import { github } from './github.ts';
import { json } from './json.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import { sarif } from './sarif.ts';
import { tap } from './tap.ts';
import { text } from './text.ts';

/** A report as text of one format, which ends with a line end. */
export type Reporter = (report: Report) => string;

/** Reporters by the names that `--reporter` knows. */
export const REPORTERS: Readonly<Record<string, Reporter>> = { text, junit, github, markdown, sarif, tap, json };
