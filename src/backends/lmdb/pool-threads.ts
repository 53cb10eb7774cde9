const BY_DEFAULT = 4;
const MOST = 1024;

/** How many threads Node works on files with, by the text of UV_THREADPOOL_SIZE when the process began, as libuv reads it. */
export function poolThreads(setting: string | undefined): number {
  if (setting === undefined) return BY_DEFAULT;
  const threads = Number.parseInt(setting, 10) || 1;
  return threads < 0 ? MOST : Math.min(threads, MOST);
}
