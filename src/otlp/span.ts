/** What is said of a span: words and numbers, as they are to be shown. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Something that took time, or happened at a time, in a trace (OpenTelemetry). Times: milliseconds since the epoch. */
export type Span = {
  /** 16 bytes, in hex. */
  readonly trace: string;
  /** 8 bytes, in hex. */
  readonly id: string;
  /** Missing for the root of the trace. */
  readonly parent?: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly isFailed: boolean;
};

export type SpanEvent = { readonly at: number; readonly name: string; readonly attributes: Attributes };
