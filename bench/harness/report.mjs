import { judge } from "./goals.mjs";

const MOST_COLUMNS = 6;

/** A measured row as Markdown: a table per bench, then each goal beside what was measured. */
export function rowReport(result) {
  const benches = result.benches.map(benchReport);
  const goals = (result.goals ?? []).map((goal) => `- ${goalLine(judge(goal, result.benches))}`);
  return [`### ${result.id}: ${result.title}`, ...benches, goals.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

function benchReport(bench) {
  const rounds = Math.max(
    0,
    ...bench.subjects.flatMap(({ figures }) => Object.values(figures).map(({ values }) => values.length)),
  );
  const heading = `${bench.title}; ${bench.unit}, median of ${rounds} rounds (× ours)`;
  const skipped = bench.skipped.map(({ name, reason }) => `Skipped: ${name}, ${reason}.`);
  return [heading, table(cellsOf(bench)), ...skipped, ...disturbedLine(bench)].join("\n\n");
}

function disturbedLine({ subjects }) {
  const rounds = subjects.flatMap(({ name, disturbed }) => (disturbed > 0 ? [`${name} ${disturbed}`] : []));
  return rounds.length === 0 ? [] : [`Rounds kept though they waited for a processor: ${rounds.join(", ")}.`];
}

function cellsOf({ subjects, ours }) {
  const figures = [...new Set(subjects.flatMap((subject) => Object.keys(subject.figures)))];
  const reference = subjects.find(({ name }) => name === ours);
  const cell = (subject, figure) =>
    figureCell(subject.figures[figure], reference?.figures[figure], subject === reference);
  if (figures.length > MOST_COLUMNS && subjects.length <= MOST_COLUMNS) {
    const rows = figures.map((figure) => [figure, ...subjects.map((subject) => cell(subject, figure))]);
    return [["", ...subjects.map(({ name }) => name)], ...rows];
  }
  const rows = subjects.map((subject) => [
    subject === reference ? `**${subject.name}**` : subject.name,
    subject.durability,
    subject.copies,
    ...figures.map((figure) => cell(subject, figure)),
  ]);
  return [["", "durable", "copies", ...figures], ...rows];
}

function figureCell(figure, reference, isOurs) {
  if (figure === undefined) return "–";
  const ratio = reference === undefined || isOurs ? "" : ` (${rounded(figure.median / reference.median)}×)`;
  return `${rounded(figure.median)}${ratio}`;
}

/** Three significant digits, never in exponential form. */
function rounded(number) {
  if (Math.abs(number) >= 1000) return Math.round(Number(number.toPrecision(3))).toLocaleString("en");
  return String(Number(number.toPrecision(3)));
}

function goalLine({ goal, measured, state }) {
  const { figure, ours, peer, peerFigure } = goal;
  const found = measured === undefined ? "–" : rounded(measured);
  const against = peer === ours ? peerFigure : peer;
  if (goal.limit !== undefined) return `${state}: ${ours}, ${figure}: ${found}, goal ≤ ${goal.limit}`;
  if (goal.least !== undefined)
    return `${state}: ${ours}, ${figure}: ${found}, goal ≥ ${rounded(goal.least)}`;
  if (goal.atLeast !== undefined)
    return `${state}: ${ours}, ${figure}: ${found}× faster than ${against}, goal ≥ ${goal.atLeast}×`;
  return `${state}: ${ours}, ${figure}: ${found}× of ${against}, goal ≤ ${goal.atMost}×`;
}

/** A Markdown table that is readable as text too: columns padded to one width. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((text, column) => text.padEnd(widths[column])).join(" | ")} |`;
  return [line(rows[0]), line(widths.map((width) => "-".repeat(width))), ...rows.slice(1).map(line)].join(
    "\n",
  );
}
