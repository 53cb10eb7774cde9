/** What a store is seldom asked for, loaded with the first such call: a start should not pay for it. */
export { beginSchedule, runBackup, runRestore } from "./backup/backup-calls.js";
export { copyWholeStore } from "./copy/copy-whole-store.js";
export { rekeyStore } from "./rekey-store.js";
export { salvageStore } from "./repair/salvage-store.js";
export { salvageTarget } from "./repair/salvage-target.js";
export { verifyDamaged, verifyStore } from "./verify-store.js";
