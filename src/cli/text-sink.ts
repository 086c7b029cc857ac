export class TextSink {
  constructor(..._: unknown[]) {}
  take(): void {}
  end(): void {}
  dispose(): void {}
}
