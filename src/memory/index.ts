export { MemoryManager } from "./chat-sessions.js";
export type {
  AddAssistantOptions,
  AddOptions,
  AddToolResultOptions,
  BuildHistoryOptions,
  CopySessionOptions,
  GetMessagesOptions,
  MemoryManagerOptions,
  SessionOptions,
} from "./chat-sessions.js";
export type { Message, NewMessage, Role } from "./message.js";
