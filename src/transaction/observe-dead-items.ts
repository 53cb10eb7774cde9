import type { CommitObserver } from "./commit-request.js";
import type { DeadItems } from "./dead-items.js";

/** Tells of what was committed also those who drop the items of structures that it ended. */
export function observeDeadItems<T>(observer: CommitObserver<T>, deadItems: DeadItems): CommitObserver<T> {
  return {
    sending: (requests) => observer.sending(requests),
    arrived: (requests, results, sent) => {
      observer.arrived(requests, results, sent);
      deadItems.committed(requests, results);
    },
    failed: (requests, sent) => observer.failed(requests, sent),
  };
}
