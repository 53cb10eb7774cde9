import { sharedStructureBenches, sharedStructureGoals } from "./shared-structures.mjs";

const postgres = ["holdfast postgres", "postgres pool"];

export const row = {
  id: "P15",
  title: "one list and one counter of several processes, postgres",
  benches: sharedStructureBenches("postgres", postgres),
  goals: sharedStructureGoals(postgres[0], 5_000),
};
