import type { Health, Metric } from "../plugin.js";
import type { BackupScheduleState } from "./backup-schedule.js";

/** A store whose last scheduled backup failed still works. */
export function scheduleHealth({ failure, failed }: BackupScheduleState): Health {
  if (failure === undefined) return { status: "up" };
  const message = `the last scheduled backup failed: ${failure}`;
  return { status: "degraded", message, details: { failedBackups: failed } };
}

export function scheduleMetrics({ made, failed, newestMs }: BackupScheduleState): Metric[] {
  const counts: Metric[] = [
    {
      name: "holdfast_backups_total",
      help: "Scheduled backups that were made",
      kind: "counter",
      value: made,
    },
    {
      name: "holdfast_backup_failures_total",
      help: "Scheduled backups that failed",
      kind: "counter",
      value: failed,
    },
  ];
  if (newestMs === undefined) return counts;
  const help = "When the newest scheduled backup was begun, in seconds since 1970";
  return [
    ...counts,
    { name: "holdfast_backup_newest_timestamp_seconds", help, kind: "gauge", value: newestMs / 1000 },
  ];
}
