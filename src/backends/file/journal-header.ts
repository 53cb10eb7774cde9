/** The first frame of a journal: which store and epoch it belongs to, and where it goes on from. */
export interface JournalHeader {
  /** The random id of the store. */
  readonly store: string;
  readonly epoch: number;
  /** The epoch before. When its snapshot still counts, this journal goes on after frame `after` of its journal. */
  readonly follows: number;
  /** The number of the last frame before this journal's first. Whatever the older journal holds beyond does not count. */
  readonly after: number;
  /** Whether frames may be written before earlier ones are durable. */
  readonly late: boolean;
}

export const JOURNAL_FORMAT = 1;

export function encodeJournalHeader({ store, epoch, follows, after, late }: JournalHeader): string {
  const fields = { holdfast: "journal", format: JOURNAL_FORMAT, store, epoch, follows, after, late };
  return JSON.stringify(fields).slice(1, -1);
}

/** What the text of a first frame says; undefined when it is no header of ours. */
export function decodeJournalHeader(text: string): (JournalHeader & { readonly format: number }) | undefined {
  try {
    const fields = JSON.parse(text) as Partial<JournalHeader> & { holdfast?: unknown; format?: unknown };
    if (fields.holdfast !== "journal" || typeof fields.format !== "number") return undefined;
    return fields as JournalHeader & { format: number };
  } catch {
    return undefined;
  }
}
