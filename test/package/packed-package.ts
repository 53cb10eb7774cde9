import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureBuilt } from "../support/built-package.js";
import { ROOT } from "../architecture/source-tree.js";

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: { readonly holdfast: string };
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * The package as the registry would hand it out, installed into a project of its own outside the repository. It finds
 * the dependencies that it declares, and no others.
 */
export class PackedPackage {
  readonly project = mkdtempSync(join(tmpdir(), "holdfast-consumer-"));
  readonly folder = join(this.project, "node_modules/holdfast");
  readonly manifest: Manifest;
  /** The packed files, relative to the package. */
  readonly files: readonly string[];

  constructor() {
    ensureBuilt();
    const packed = this.#pack();
    this.files = packed.files.map(({ path }) => path);
    mkdirSync(this.folder, { recursive: true });
    execFileSync("tar", [
      "-xzf",
      join(this.project, packed.filename),
      "--strip-components=1",
      "-C",
      this.folder,
    ]);
    this.manifest = JSON.parse(readFileSync(join(this.folder, "package.json"), "utf8")) as Manifest;
    this.#write("package.json", JSON.stringify({ name: "consumer", private: true, type: "module" }));
    for (const name of Object.keys(this.manifest.dependencies)) this.link(name);
  }

  /** Runs an ES module in the project; what it prints. */
  run(code: string, nodeOptions: readonly string[] = []): string {
    this.#write("main.mjs", code);
    return this.#node([...nodeOptions, "main.mjs"]);
  }

  /** Checks a TypeScript module in the project, the declarations of the package included; what the compiler says. */
  check(code: string): string {
    this.#write("main.ts", code);
    const options = {
      module: "NodeNext",
      target: "ES2023",
      lib: ["ES2023", "ESNext.Disposable"],
      strict: true,
    };
    const types = { types: ["node"], typeRoots: [join(ROOT, "node_modules/@types")] };
    const compilerOptions = { ...options, ...types, skipLibCheck: false, noEmit: true };
    this.#write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["main.ts"] }));
    return this.#node([join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json"]);
  }

  /** Runs a program of the package, as npx would; what it prints. */
  execute(program: string, args: readonly string[]): string {
    return this.#node([program, ...args]);
  }

  remove(): void {
    rmSync(this.project, { recursive: true, force: true });
  }

  #pack(): { filename: string; files: readonly { path: string }[] } {
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", this.project];
    const stdout = execFileSync("npm", args, {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
    if (packed === undefined) throw new Error("npm pack made no tarball");
    return packed;
  }

  /** Installs a package of the repository beside it. */
  link(name: string): void {
    const link = join(this.project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link);
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.project, name), text);
  }

  /** Standard output, or with a failure everything that was printed. */
  #node(args: readonly string[]): string {
    try {
      return execFileSync(process.execPath, args, { cwd: this.project, encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      return `failed: ${stdout}${stderr}`;
    }
  }
}
