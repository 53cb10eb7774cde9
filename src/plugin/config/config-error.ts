/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Where it stands: `file:line:col`; absent when the configuration was given as an object. */
  readonly where?: string;
  /** The option or section, for example `storage.cache.max_entries`; empty when it concerns the whole file. */
  readonly path: string;
  /** What is wrong and what to do about it. */
  readonly message: string;
}

/** A configuration that cannot be used. Lists everything that was found wrong, not only the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: { readonly cause: unknown }) {
    const lines = problems.map(formatProblem);
    super(
      lines.length === 1
        ? lines[0]
        : [`${lines.length} problems in the configuration`, ...lines].join("\n  "),
      options,
    );
    this.problems = problems;
  }
}

function formatProblem({ where, path, message }: ConfigProblem): string {
  const place = [where, path].filter((part) => part !== undefined && part !== "").join(" ");
  return place === "" ? message : `${place}: ${message}`;
}
