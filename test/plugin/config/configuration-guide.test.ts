import { expect } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../../../src/plugin/config/load-settings.js";
import { OPTION_PATHS, optionAt } from "../../../src/plugin/config/options.js";
import { STATE_TABLE, type PluginState } from "../../../src/plugin/plugin-state.js";
import { codeBlocks, readMarkdown, tableRows } from "../../docs/markdown.js";

const GUIDE = readMarkdown("docs/guides/configuration.md");

describe("the guides to configuration and host", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-guide-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const yamls = codeBlocks(GUIDE).filter(({ language }) => language === "yaml");

  it("show YAML", () => {
    expect(yamls).to.not.be.empty;
  });

  yamls.forEach(({ code }, index) => {
    it(`show YAML that is accepted: block ${index + 1}`, async () => {
      const path = join(folder, "app.yaml");
      await writeFile(path, code);
      expect(await loadSettings(path, { backends: ["memory", "file"], environment: {} })).to.have.property(
        "backend",
      );
    });
  });

  it("list every other name of an option", () => {
    const listed = tableRows(GUIDE);
    for (const path of OPTION_PATHS) {
      const target = optionAt(path)?.aliasOf;
      if (target !== undefined) expect(listed.get(path)?.[0]).to.include(`\`${target}\``);
    }
  });

  it("list the states of a plugin as they are", () => {
    const guide = readMarkdown("docs/guides/host.md");
    for (const [state, transitions] of Object.entries(STATE_TABLE) as [PluginState, object][]) {
      const next = Object.values(transitions).join(", ");
      expect(guide).to.include(`| ${state} | ${next} |`);
    }
  });
});
