/** Who said a message, in the words of the interfaces of language models. */
export type Role = "system" | "user" | "assistant" | "tool";

/** One message of a session, as it is kept. */
export interface Message {
  readonly role: Role;
  readonly content: string;
  /** When it was added: milliseconds since the Unix epoch, on the clock of the process that added it. */
  readonly at: number;
  /** Of an assistant: the calls of tools that it asks for, in whatever form the model gave them. */
  readonly toolCalls?: readonly unknown[];
  /** Of a tool: the call that it answers. */
  readonly toolCallId?: string;
  /** Of a tool: its name. */
  readonly name?: string;
  /** Anything else that the caller wants to find again. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A message that is about to be added. */
export type NewMessage = Omit<Message, "at">;

const ROLES: ReadonlySet<unknown> = new Set<Role>(["system", "user", "assistant", "tool"]);

/** @throws TypeError when it is no message: another role, or content that is no text. */
export function checkMessage(message: NewMessage): void {
  if (typeof message !== "object" || message === null) throw new TypeError("a message must be an object");
  const { role, content } = message;
  if (!ROLES.has(role)) {
    const said = typeof role === "string" ? JSON.stringify(role) : typeof role;
    throw new TypeError(`the role of a message is system, user, assistant or tool, not ${said}`);
  }
  if (typeof content !== "string") {
    throw new TypeError(
      `the content of a message is text, not ${content === null ? "null" : typeof content}`,
    );
  }
}
