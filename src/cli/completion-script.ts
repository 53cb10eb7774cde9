import type { Command, Option } from "commander";

export type Shell = "bash" | "zsh";

/** Options whose value is the name of a file, and those whose values are known words. */
const FILE_OPTIONS: ReadonlySet<string> = new Set(["--config", "--file", "--to", "--repair", "--base"]);

/**
 * A script that completes commands, options, files and the names of backends. zsh runs the same function, by way of its
 * own emulation of bash's completion.
 *
 * @param backends what may follow `--backend`.
 */
export function completionScript(program: Command, shell: Shell, backends: readonly string[]): string {
  const name = program.name();
  const bash = bashFunction(program, backends);
  if (shell === "bash") return `# source <(${name} completion bash)\n${bash}complete -F _${name} ${name}\n`;
  return [
    `#compdef ${name}`,
    `# source <(${name} completion zsh)`,
    "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }",
    "autoload -Uz bashcompinit && bashcompinit",
    `${bash}complete -F _${name} ${name}`,
    "",
  ].join("\n");
}

function bashFunction(program: Command, backends: readonly string[]): string {
  const commands = flatten(program, []);
  const options = commands.flatMap(({ command }) => command.options);
  const name = program.name();
  // No variable may be called words or path: in zsh these are its own.
  return `_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="" at="" word="" offered="" folders="" index=1
  COMPREPLY=()
  [ "$current" != "=" ] || current=""
  while [ "$index" -lt "$COMP_CWORD" ]; do
    word="\${COMP_WORDS[index]}"
    previous="$word"
    case "$word" in
      ${flags(options, ({ required }) => required).join("|")})
        # bash makes a word of the = in --option=value.
        [ "\${COMP_WORDS[index + 1]:-}" != "=" ] || index=$((index + 1))
        index=$((index + 2))
        continue ;;
    esac
    previous=""
    case "$at $word" in
${commands
  .filter(({ path }) => path.length > 0)
  .map(descentCase)
  .join("\n")}
    esac
    index=$((index + 1))
  done
  # Only what stands right before says what the current word is.
  [ "$index" -gt "$COMP_CWORD" ] || previous=""
  case "$previous" in
    ${flags(options, isOfFile).join("|")})
      local IFS=$'\\n'
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --backend) COMPREPLY=($(compgen -W "${backends.join(" ")}" -- "$current")); return ;;
    -*) return ;;
  esac
  case "$at" in
${commands.map((each) => wordsCase(program, each)).join("\n")}
  esac
  case "$folders $current" in
    "yes -"* | " "*) COMPREPLY=($(compgen -W "$offered" -- "$current")) ;;
    *)
      local IFS=$'\\n'
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -d -- "$current")) ;;
  esac
}
`;
}

interface PlacedCommand {
  readonly path: readonly string[];
  readonly command: Command;
}

/** A command with other names stands there under each of them. */
function flatten(command: Command, path: readonly string[]): PlacedCommand[] {
  const inner = command.commands.flatMap((each) =>
    namesOf(each).flatMap((name) => flatten(each, [...path, name])),
  );
  return [{ path, command }, ...inner];
}

function namesOf(command: Command): readonly string[] {
  return [command.name(), ...command.aliases()];
}

function descentCase({ path }: PlacedCommand): string {
  const before = path
    .slice(0, -1)
    .map((word) => ` ${word}`)
    .join("");
  return `      "${before} ${path.at(-1)}") at="${before} ${path.at(-1)}" ;;`;
}

function wordsCase(program: Command, { path, command }: PlacedCommand): string {
  const at = path.map((word) => ` ${word}`).join("");
  const general = program.options.filter(({ long }) => command === program || long !== "--version");
  const options = command === program ? general : [...command.options, ...general];
  const words = [
    ...command.commands.flatMap(namesOf),
    ...command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    ...options.flatMap(({ long }) => long ?? []),
    "--help",
  ];
  const folders = command.registeredArguments.some((argument) => argument.name() === "folder");
  return `    "${at}") offered="${[...new Set(words)].join(" ")}"${folders ? " folders=yes" : ""} ;;`;
}

/** What these options can be written as. */
function flags(options: readonly Option[], isWanted: (option: Option) => boolean): string[] {
  return [
    ...new Set(options.filter(isWanted).flatMap(({ short, long }) => [short ?? [], long ?? []].flat())),
  ];
}

function isOfFile({ long }: Option): boolean {
  return FILE_OPTIONS.has(long ?? "");
}
