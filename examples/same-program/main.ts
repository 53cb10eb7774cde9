import { background, openStorage, type StorageError } from "holdfast";

const ctx = background();
await using storage = await openStorage(process.argv[2] ?? "storage.yaml");
const shop = storage.namespace("shop");
const told = (error: StorageError) => `${error.code} ${error.reason}: ${error.message}`;

await shop.setBatch(ctx, { "stock:bolt": 3, "stock:Nut": 5, "stock:écrou": 0, "stock:🔩": 1, cart: null });
await shop.set(ctx, "order", { at: new Date(0), lines: new Map([["bolt", 2n]]), seal: new Uint8Array([7]) });
await shop.set(ctx, "session", "short", "1h");
console.log(await shop.keys(ctx, "stock:*"), await shop.find(ctx, "[co]*r*"), await shop.count(ctx));
const lives = [await shop.ttl(ctx, "session"), await shop.ttl(ctx, "cart"), await shop.ttl(ctx, "gone")];

const sell = () => shop.transact(ctx, async (tx) => tx.set("sold", (await tx.getOr<number>("sold", 0)) + 1));
await Promise.all(Array.from({ length: 20 }, sell));
const [early, late] = [await shop.beginTransaction(ctx), await shop.beginTransaction(ctx)];
for (const tx of [early, late]) await tx.set("stock:bolt", (await tx.get<number>("stock:bolt")) - 1);
await early.commit();
console.log(await late.commit().catch(told), await shop.get(ctx, "gone").catch(told));
console.log(await shop.getBatch(ctx, ["sold", "gone", "stock:bolt"]), lives.map(Math.sign));
console.log(await shop.deleteBatch(ctx, ["cart", "gone"]), await shop.exists(ctx, "cart"));
console.log(await shop.keys(ctx, "*", { reverse: true, limit: 4 }), await storage.listNamespaces(ctx));
