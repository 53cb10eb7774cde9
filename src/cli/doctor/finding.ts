/** What one look of the doctor found. */
export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  /** What was looked at: `node`, `driver`. */
  readonly topic: string;
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
}

export function ok(topic: string, message: string): Finding {
  return { level: "ok", topic, message };
}

export function warning(topic: string, message: string, advice: string): Finding {
  return { level: "warning", topic, message, advice };
}

export function problem(topic: string, message: string, advice?: string): Finding {
  return { level: "problem", topic, message, ...(advice !== undefined && { advice }) };
}
