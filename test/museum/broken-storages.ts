import { background } from "../../src/core/context.js";
import type { Storage, Transaction } from "../../src/index.js";

/** Like the original but for some calls. */
export function like<T extends object>(original: T, broken: Partial<T>): T {
  return new Proxy(original, {
    get(target, name) {
      const source = name in broken ? broken : target;
      const member: unknown = Reflect.get(source, name, source);
      return typeof member === "function" ? (member.bind(source) as unknown) : member;
    },
  });
}

/** Takes a falsy value for a missing one. */
export function mistakingFalsy(storage: Storage): Storage {
  const getOr = async (...[ctx, key, fallback]: Parameters<Storage["getOr"]>) =>
    (await storage.getOr(ctx, key, undefined)) || fallback;
  return like(storage, { getOr } as Partial<Storage>);
}

/** Hands out the value that was set instead of a copy. */
export function sharingReferences(): (storage: Storage, namespace: string) => Storage {
  const values = new Map<string, unknown>();
  return (storage, namespace) =>
    like(storage, {
      set: async (ctx, key, value, ttl) => {
        await storage.set(ctx, key, value, ttl);
        values.set(`${namespace}\0${key}`, value);
      },
      get: async (ctx: Parameters<Storage["get"]>[0], key: string) => {
        const stored = await storage.get(ctx, key);
        return values.get(`${namespace}\0${key}`) ?? stored;
      },
    } as Partial<Storage>);
}

/** Gives a batch back against the order asked. */
export function reorderingBatches(storage: Storage): Storage {
  const getBatch = async (...[ctx, keys]: Parameters<Storage["getBatch"]>) =>
    new Map([...(await storage.getBatch(ctx, keys))].reverse());
  return like(storage, { getBatch } as Partial<Storage>);
}

/** Begins a listing with the key after which it should begin. */
export function includingAfter(storage: Storage): Storage {
  return like(storage, {
    keys: async (ctx, pattern, options) => {
      const keys = await storage.keys(ctx, pattern, options);
      const { after, limit } = options ?? {};
      const isThere = after !== undefined && (await storage.keys(ctx, pattern)).includes(after);
      return isThere ? [after, ...keys].slice(0, limit) : keys;
    },
  });
}

/** Counts a key that is deleted twice in a batch twice. */
export function countingTwice(storage: Storage): Storage {
  return like(storage, {
    deleteBatch: async (ctx, keys) => {
      const asked = [...keys];
      const found = await Promise.all(asked.map((key) => storage.exists(ctx, key)));
      await storage.deleteBatch(ctx, asked);
      return found.filter(Boolean).length;
    },
  });
}

/** Leaves an older deadline in place when a value is set without one. */
export function keepingDeadlines(storage: Storage): Storage {
  return like(storage, {
    set: async (ctx, key, value, ttl) => {
      const left = await storage.ttl(ctx, key);
      await storage.set(ctx, key, value, left > 0 && !ttl ? left : ttl);
    },
  });
}

/** Transactions whose writes are made at once, so that a rollback takes nothing back. */
export function leakingRollbacks(storage: Storage): Storage {
  const leaky = (tx: Transaction): Transaction =>
    like(tx, {
      set: async (key, value, ttl) => {
        await tx.set(key, value, ttl);
        await storage.set(background(), key, value, ttl);
      },
    });
  return like(storage, {
    beginTransaction: async (ctx, options) => leaky(await storage.beginTransaction(ctx, options)),
    transact: (ctx, work, options) => storage.transact(ctx, (tx) => work(leaky(tx)), options),
  });
}

/** Transactions that read what is committed, not what they have written. */
export function blindToOwnWrites(storage: Storage): Storage {
  const blind = (tx: Transaction): Transaction => {
    const find = async (pattern: string) => {
      await tx.find(pattern);
      return await storage.find(background(), pattern);
    };
    return like(tx, { find } as Partial<Transaction>);
  };
  return like(storage, {
    beginTransaction: async (ctx, options) => blind(await storage.beginTransaction(ctx, options)),
    transact: (ctx, work, options) => storage.transact(ctx, (tx) => work(blind(tx)), options),
  });
}

/** Runs work again after a conflict at the commit, and passes on whatever the work throws. */
export function believingErrors(storage: Storage): Storage {
  const transact = async <R>(
    ...[ctx, work]: [Parameters<Storage["transact"]>[0], (tx: Transaction) => R]
  ) => {
    for (;;) {
      const tx = await storage.beginTransaction(ctx);
      const result = await work(tx);
      try {
        await tx.commit();
        return result;
      } catch (error) {
        if ((error as { reason?: unknown }).reason !== "conflict") throw error;
      }
    }
  };
  return like(storage, { transact } as Partial<Storage>);
}
