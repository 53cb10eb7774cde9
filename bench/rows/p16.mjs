import { sharedStructureBenches, sharedStructureGoals } from "./shared-structures.mjs";

const everysec = ["holdfast redis everysec", "redis everysec"];
const always = ["holdfast redis always", "redis always"];

export const row = {
  id: "P16",
  title: "one list and one counter of several processes, redis",
  benches: [
    ...sharedStructureBenches("appendfsync everysec", everysec),
    ...sharedStructureBenches("appendfsync always", always),
  ],
  goals: [everysec, always].flatMap(([ours]) => sharedStructureGoals(ours, 10_000)),
};
