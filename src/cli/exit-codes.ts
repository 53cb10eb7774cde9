/** What the process answers with. Scripts rely on the numbers: add to them, never change one. */
export const EXIT = {
  done: 0,
  notFound: 1,
  failed: 2,
  damaged: 3,
  usage: 64,
  noStore: 66,
  tryAgain: 75,
  configuration: 78,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each code says, as docs/guides/cli.md lists it. */
export const EXIT_MEANINGS: ReadonlyMap<ExitCode, string> = new Map([
  [EXIT.done, "done; also when the reader of a pipe has left early, as under `\\| head`"],
  [EXIT.notFound, "nothing is stored under the key, or in that place of it"],
  [EXIT.failed, "failed for another reason, which stderr names; `doctor` found a problem"],
  [
    EXIT.damaged,
    "stored data is damaged or of a kind that this version cannot read (5003); `verify` found a problem, also when `--repair` has saved the rest",
  ],
  [
    EXIT.usage,
    "the command line is wrong: an unknown command or option, a key, pattern or time that is none, or a file or folder that is not there",
  ],
  [EXIT.noStore, "there is no store yet where a command was to look at one; no such command makes one"],
  [
    EXIT.tryAgain,
    "failed, and may succeed later as it is: locked, unavailable, timeout, conflict, busy, no space",
  ],
  [EXIT.configuration, "the configuration is wrong or missing"],
  [EXIT.interrupted, "interrupted (SIGINT); the store was closed"],
  [EXIT.terminated, "terminated (SIGTERM); the store was closed"],
]);
