import type { RecordView } from './record.ts';

/**
 * Records in the order of the (merged) capture, pulled.
 *
 * `next` fills the caller's view and never waits; when it answers false the source wants octets, and `fill` (one await
 * for about a megabyte) fetches them or says that there are no more. Damage never throws out of either: it ends the
 * file it is in, is kept in `problems`, and every record before it was given.
 */
export interface RecordSource {
  next(record: RecordView): boolean;
  fill(): Promise<boolean>;
}
