import { cpus, totalmem } from "node:os";

/** What the figures were taken on, in one line. */
export function machineLine() {
  const processors = cpus();
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  return `${processors[0].model.trim()}, ${processors.length} cores, ${memoryGiB} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
}
