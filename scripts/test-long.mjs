// Runs the full form of a reliability row and adds its totals to docs/reliability.json and docs/reliability.md:
//   npm run test:long -- --row R3 [--rounds N] [--minutes N] [--seed N] [--no-record]
import { tsImport } from "tsx/esm/api";

const { runLong } = await tsImport("../test/support/long-run.ts", import.meta.url);
process.exitCode = await runLong(process.argv.slice(2));
