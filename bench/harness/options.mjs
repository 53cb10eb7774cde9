import { parseArgs } from "node:util";

const ROUNDS = 7;
const QUICK_ROUNDS = 3;

export const USAGE = `npm run bench -- [options]

  --row P1,P4    only these rows
  --backends     only the rows of each backend beside its raw driver (P7 to P9)
  --rounds N     rounds per measure, default ${ROUNDS}
  --quick        ${QUICK_ROUNDS} rounds
  --json FILE    where the figures go besides bench/results/latest.json
  --docs         write the tables of these rows into docs/performance.md
  --dist FOLDER  measure this build instead of building dist/`;

/** The command line, checked: unknown options and rows are refused with a message that names them. */
export function parseOptions(args, rowIds, backendRowIds) {
  const { values } = parseArgs({
    args,
    options: {
      row: { type: "string" },
      backends: { type: "boolean", default: false },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      docs: { type: "boolean", default: false },
      dist: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const rounds = values.rounds === undefined ? (values.quick ? QUICK_ROUNDS : ROUNDS) : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a whole number from 1, not ${values.rounds}`);
  if (values.backends && values.row !== undefined)
    throw new Error("--backends chooses rows as --row does; give one of them");
  return { ...values, rounds, rowIds: values.backends ? backendRowIds : chosenRows(values.row, rowIds) };
}

function chosenRows(list, rowIds) {
  if (list === undefined) return rowIds;
  const chosen = list.split(",").map((id) => id.trim());
  const unknown = chosen.filter((id) => !rowIds.includes(id));
  if (unknown.length > 0) throw new Error(`no row ${unknown.join(", ")}; there are ${rowIds.join(", ")}`);
  return chosen;
}
