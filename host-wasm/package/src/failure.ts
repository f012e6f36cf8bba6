import type { Failure } from "./types.ts";

/** Why an operation failed, as something to throw. */
export class LuggerError extends Error implements Failure {
  override readonly name = "LuggerError";
  readonly kind: Failure["kind"];
  readonly registry: string | null;
  readonly attempts: Failure["attempts"];

  constructor(failure: Failure) {
    super(failure.message);
    this.kind = failure.kind;
    this.registry = failure.registry;
    this.attempts = failure.attempts;
  }
}

/** Whatever was thrown, as a failure: what Rust rejects with is the JSON of one. */
export function failure(thrown: unknown): Failure {
  if (thrown instanceof LuggerError) {
    const { kind, message, registry, attempts } = thrown;
    return { kind, message, registry, attempts };
  }
  if (typeof thrown === "string") {
    try {
      const parsed: unknown = JSON.parse(thrown);
      if (typeof parsed === "object" && parsed !== null && "kind" in parsed && "message" in parsed) {
        return { registry: null, attempts: [], ...(parsed as Pick<Failure, "kind" | "message">) };
      }
    } catch {
      // Words, then.
    }
  }
  return {
    kind: "other",
    message: thrown instanceof Error ? thrown.message : String(thrown),
    registry: null,
    attempts: [],
  };
}
