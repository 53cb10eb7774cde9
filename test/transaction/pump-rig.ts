import type { CommitPumpLimits } from "../../src/transaction/commit-pump.js";
import type { CommitObserver } from "../../src/transaction/commit-request.js";

export const LIMITS: CommitPumpLimits = {
  maxPending: 1000,
  maxGroupRequests: 100,
  maxGroupBytes: 1_000_000,
  patienceMs: 10_000,
};

export const UNOBSERVED: CommitObserver = {
  sending: () => undefined,
  arrived: () => undefined,
  failed: () => undefined,
};
