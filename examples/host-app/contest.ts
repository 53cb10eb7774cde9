import { StorageError, type Context, type Storage } from "holdfast";
import type { Terminal } from "./terminal.js";

const NEXT = "review:next";

/** Two reviewers reach for the same review. One commit goes through; the other is told, and takes the next one. */
export async function contest(ctx: Context, storage: Storage, terminal: Terminal): Promise<void> {
  terminal.heading("Two transactions compete for one review");
  await storage.set(ctx, NEXT, 1);
  await collide(ctx, storage, terminal);
  await retry(ctx, storage, terminal);
  const claimed = await storage.find<string>(ctx, "review:claim:*");
  terminal.table(
    ["review", "claimed by"],
    [...claimed].map(([key, who]) => [key.slice("review:claim:".length), who]),
  );
}

async function collide(ctx: Context, storage: Storage, terminal: Terminal): Promise<void> {
  await using ada = await storage.beginTransaction(ctx);
  await using bob = await storage.beginTransaction(ctx);
  const seen = [await ada.get<number>(NEXT), await bob.get<number>(NEXT)];
  terminal.line(`Ada reads that review ${seen[0]} is next; so does Bob, review ${seen[1]}`);
  for (const [who, tx] of [
    ["Ada", ada],
    ["Bob", bob],
  ] as const) {
    await tx.set("review:claim:1", who);
    await tx.set(NEXT, 2);
  }
  await ada.commit();
  terminal.line("Ada commits: review 1 is hers");
  const refusal = await bob.commit().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(refusal instanceof StorageError)) throw new Error("the second commit should have been refused");
  terminal.line(`Bob's commit is refused: ${refusal.code} ${refusal.reason}, nothing of it is stored`);
}

async function retry(ctx: Context, storage: Storage, terminal: Terminal): Promise<void> {
  let attempts = 0;
  const review = await storage.transact(ctx, async (tx) => {
    attempts++;
    const next = await tx.get<number>(NEXT);
    if (attempts === 1) await claimAside(ctx, storage, next);
    await tx.set(`review:claim:${next}`, "Bob");
    await tx.set(NEXT, next + 1);
    return next;
  });
  terminal.line("Bob tries again with transact, and Ada is faster once more: it runs again by itself");
  terminal.line(`Bob has review ${review} after ${attempts} attempts`);
}

/** What another writer does in between. */
async function claimAside(ctx: Context, storage: Storage, next: number): Promise<void> {
  await storage.setBatch(ctx, { [`review:claim:${next}`]: "Ada", [NEXT]: next + 1 });
}
