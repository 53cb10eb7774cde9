import type { Breather } from "../files/breather.js";
import type { VerifyReport } from "../backend.js";
import { DataPages } from "./data-pages.js";
import { lmdbFileFault } from "./lmdb-errors.js";
import type { LmdbView } from "./lmdb-view.js";
import { verifyTables } from "./verify-tables.js";

/**
 * Checks every page in use of a data file, then every row. LMDB trusts its pages and ends the process where one is not
 * what it should be, so they are read without it first, and rows only when all pages are right.
 *
 * @param view a snapshot that is held meanwhile, so that no page in use then is used anew.
 */
export async function verifyFile(path: string, view: LmdbView, breather: Breather): Promise<VerifyReport> {
  const damage = await DataPages.look(path, (pages) => pages.damage(breather)).catch((error: unknown) => {
    throw lmdbFileFault(error, `verifying ${path}`);
  });
  if (damage === undefined) return await verifyTables(view, breather);
  return { entries: 0, problems: [{ reason: "checksum", message: `${path}: ${damage}` }] };
}
