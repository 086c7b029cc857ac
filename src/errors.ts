/** Where in an input something stands. */
export interface CapturePlace {
  /** The path as the user gave it; `-` for standard input. */
  readonly file: string;
  /** 1-based number of the record (or block's record) that could not be read. */
  readonly record: number;
  /** Octet offset in the decompressed file. */
  readonly offset: number;
}

/** A capture that can be read up to a place only: it is damaged or cut short there, or memory ends. All before was analysed. */
export class DamagedCaptureError extends Error {
  override readonly name = 'DamagedCaptureError';
  readonly code = 'damaged-capture';
  readonly place: CapturePlace;
  constructor(problem: string, place: CapturePlace, options?: ErrorOptions) {
    super(`${place.file}: ${problem} (record ${place.record}, byte ${place.offset})`, options);
    this.place = place;
  }
}

/** An input that can't be opened, or that is no capture at all. */
export class UnreadableInputError extends Error {
  override readonly name = 'UnreadableInputError';
  readonly code = 'unreadable-input';
  readonly file: string;
  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file}: ${problem}`, options);
    this.file = file;
  }
}

/** A mistake in how lastack was asked: an option, a filter, a rules file. The message names the place. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

/** Every error that lastack throws on purpose. Anything else is a bug. */
export type LastackError = DamagedCaptureError | UnreadableInputError | UsageError;
