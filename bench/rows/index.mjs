import { row as p1 } from "./p1.mjs";
import { row as p12 } from "./p12.mjs";
import { row as p13 } from "./p13.mjs";
import { row as p14 } from "./p14.mjs";
import { row as p15 } from "./p15.mjs";
import { row as p16 } from "./p16.mjs";
import { row as p17 } from "./p17.mjs";
import { row as p18 } from "./p18.mjs";
import { row as p19 } from "./p19.mjs";
import { row as p1f } from "./p1f.mjs";
import { row as p2 } from "./p2.mjs";
import { row as p3 } from "./p3.mjs";
import { row as p4 } from "./p4.mjs";
import { row as p5 } from "./p5.mjs";
import { row as p6 } from "./p6.mjs";
import { row as p7 } from "./p7.mjs";
import { row as p8 } from "./p8.mjs";
import { row as p9 } from "./p9.mjs";
import { row as start } from "./start.mjs";

/**
 * A row has benches and goals (harness/goals.mjs). A bench names its subjects and measures: `prepare(handle)` fills
 * an open store once per process, `run(handle, prepared)` does one round and answers how many operations it did.
 * `open(subject, options)` opens otherwise than the subject does by itself.
 * `rounds`, `warmUps` and `repeats` (of a disturbed round) are lowered where a round is long.
 * With `fresh: true` each round has a new process and `run(subject, options)` opens the store itself, on what
 * `build(subject, options)` left, and answers figures of its own.
 */
export const rows = [p1, p1f, p2, p3, p4, p5, p6, p7, p8, p9, p12, p13, p14, p15, p16, p17, p18, p19, start];

/** Each backend beside the raw driver that it stands on. */
export const backendRows = [p7, p8, p9];
