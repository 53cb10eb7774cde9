import { coldGetBench, goalsOf, putBench } from "./backend-benches.mjs";

const postgres = ["holdfast postgres", "postgres pool"];
const mysql = ["holdfast mysql", "mysql pool"];

export const row = {
  id: "P8",
  title: "postgres and mysql beside a plain pool of their drivers",
  benches: [
    putBench({ title: "postgres", subjects: postgres }),
    coldGetBench({ title: "postgres", subjects: postgres }),
    putBench({ title: "mysql", subjects: mysql }),
    coldGetBench({ title: "mysql", subjects: mysql }),
  ],
  goals: [
    ...goalsOf("holdfast postgres", "postgres pool", { put: 2.5, get: 3 }),
    ...goalsOf("holdfast mysql", "mysql pool", { put: 1.3, get: 2 }),
  ],
};
