import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { missing } from "../support/fixtures.js";
import { CliSandbox } from "./cli-sandbox.js";

const GENERAL = ["--config", "--backend", "--set", "--namespace", "--json", "--yes", "--timeout", "--help"];

describe("holdfast completion", () => {
  let box: CliSandbox;

  before(async () => {
    box = new CliSandbox();
    for (const name of ["my store.yaml", "other.yaml"]) writeFileSync(box.path(name), "");
    mkdirSync(box.path("monday"));
    for (const shell of ["bash", "zsh"]) {
      writeFileSync(box.path(`complete.${shell}`), (await box.call(["completion", shell])).stdout);
    }
  });

  after(() => box.remove());

  /** What is offered for the last word of a command line. */
  const bash = (...words: readonly string[]) => complete("bash", words);

  function complete(shell: string, words: readonly string[]): string[] {
    const script = `source ./complete.${shell}
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const options = { cwd: box.folder, encoding: "utf8" } as const;
    return execFileSync("bash", ["-c", script, "-", "holdfast", ...words], options)
      .split("\n")
      .filter((line) => line !== "");
  }

  it("is a JSON text with --json", async () => {
    const [plain, json] = [
      await box.call(["completion", "bash"]),
      await box.call(["completion", "bash", "--json"]),
    ];
    expect(JSON.parse(json.stdout)).to.equal(plain.stdout);
  });

  it("registers itself for the program", () => {
    const script = "source ./complete.bash; complete -p holdfast";
    const registered = execFileSync("bash", ["-c", script], { cwd: box.folder, encoding: "utf8" });
    expect(registered).to.equal("complete -F _holdfast holdfast\n");
  });

  const cases: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
    [["con"], ["config"]],
    [["co"], ["count", "counter", "compact", "copy", "config", "completion"]],
    [
      ["config", ""],
      ["check", "print", "schema", ...GENERAL],
    ],
    [["config", "pr"], ["print"]],
    [["--json", "config", "c"], ["check"]],
    [["vac"], ["vacuum"]],
    [["vacuum", "--js"], ["--json"]],
    [["vacuum", "get", ""], GENERAL],
    [["-n", "config", "con"], ["config"]],
    [["--set", "get", "ge"], ["get"]],
    [
      ["get", "--"],
      ["--bytes", ...GENERAL],
    ],
    [
      ["verify", "--"],
      ["--accept-edits", "--repair", ...GENERAL],
    ],
    [["copy", "--to", "o"], ["other.yaml"]],
    [["verify", "--repair", "o"], ["other.yaml"]],
    [["--config", "my"], ["my store.yaml"]],
    [["-c", "o"], ["other.yaml"]],
    [["--config", "=", "o"], ["other.yaml"]],
    [
      ["--backend", "="],
      ["memory", "file", "directory", "sqlite", "lmdb", "postgres", "mysql", "redis"],
    ],
    [["--config", "=", "other.yaml", "ge"], ["get"]],
    [["backup", "mon"], ["monday"]],
    [["restore", "--dry-run", "mon"], ["monday"]],
    [
      ["backup", "--"],
      ["--base", "--gzip", "--encrypt", "--key", ...GENERAL],
    ],
    [["--backend", "s"], ["sqlite"]],
    [["--namespace", "x"], []],
    [["get", "config", "c"], []],
    [
      ["completion", ""],
      ["bash", "zsh", ...GENERAL],
    ],
  ];
  for (const [words, offered] of cases) {
    it(`offers in bash for: holdfast ${words.join(" ")}|`, () => {
      expect(bash(...words))
        .to.have.members(offered)
        .and.have.length(offered.length);
    });
  }

  it("gives zsh the same function, by way of its emulation", () => {
    const zsh = execFileSync("cat", [box.path("complete.zsh")], { encoding: "utf8" });
    const inBash = execFileSync("cat", [box.path("complete.bash")], { encoding: "utf8" });
    expect(zsh)
      .to.match(/^#compdef holdfast\n/)
      .and.include("bashcompinit\n");
    expect(zsh).to.include(inBash.slice(inBash.indexOf("_holdfast()")));
  });

  const typed: readonly (readonly [typed: string, line: string])[] = [
    ["holdfast conf", "holdfast config "],
    ["holdfast config pr", "holdfast config print "],
    ["holdfast verify --rep", "holdfast verify --repair "],
    ["holdfast copy --to o", "holdfast copy --to other.yaml "],
  ];

  for (const [before, line] of typed) {
    it(`completes in zsh at a press of Tab: ${before}`, function () {
      if (!isInstalled("zsh")) return missing(this, "zsh");
      const environment = { ...process.env, TYPED: before, TERM: "dumb" };
      const options = { cwd: box.folder, encoding: "utf8", env: environment, timeout: 30_000 } as const;
      expect(execFileSync("zsh", ["-fc", AT_A_TERMINAL], options)).to.equal(`<${line}>\n`);
    });
  }
});

/** Types into a zsh at a terminal of its own, presses Tab, and has the command line printed instead of carried out. */
const AT_A_TERMINAL = `
  zmodload zsh/zpty
  zpty shell 'zsh -f -i'
  zpty -w shell 'PS1="<ready>"; autoload -Uz compinit && compinit -u -D; source ./complete.zsh
    tell() { print -r -- "line:<$BUFFER>:end"; BUFFER=; }; zle -N tell; bindkey "^X" tell; PS1="<""set up>"'
  zpty -r shell output '*<set up>*'
  zpty -w -n shell "$TYPED"$'\\t\\x18'
  zpty -r shell output '*line:<*>:end*'
  print -r -- "<\${\${output##*line:<}%%>:end*}>"
  zpty -d shell
`;

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
