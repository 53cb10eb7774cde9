import { subjects as bentocache } from "./bentocache.mjs";
import { subjects as cacheManager } from "./cache-manager.mjs";
import { subjects as cacheable } from "./cacheable.mjs";
import { subjects as holdfast } from "./holdfast.mjs";
import { subjects as journal } from "./journal.mjs";
import { subjects as keyv } from "./keyv.mjs";
import { subjects as level } from "./level.mjs";
import { subjects as lmdb } from "./lmdb.mjs";
import { subjects as lru } from "./lru.mjs";
import { subjects as map } from "./map.mjs";
import { subjects as mysql } from "./mysql.mjs";
import { subjects as postgres } from "./postgres.mjs";
import { subjects as redis } from "./redis.mjs";
import { subjects as sqlite } from "./sqlite.mjs";
import { subjects as unstorage } from "./unstorage.mjs";
import { subjects as wholeJson } from "./whole-json.mjs";

/**
 * Everything that is measured, by name. A subject states its durability when a write resolves, whether a read gives
 * its caller a private copy, and `open({ folder, … })`, which loads its library and answers a handle: `get`, `set`
 * and those of `setMany`, `keys`, `count`, `find`, `infix`, `modifyTwo`, `list`, `counter`, `close` that it has. One on a
 * server has `start` and `connect` besides (own-server.mjs).
 */
export const subjects = {
  ...holdfast,
  ...bentocache,
  ...cacheManager,
  ...cacheable,
  ...journal,
  ...keyv,
  ...level,
  ...lmdb,
  ...lru,
  ...map,
  ...mysql,
  ...postgres,
  ...redis,
  ...sqlite,
  ...unstorage,
  ...wholeJson,
};
