import { backupCases } from "./storage-suite/backup-cases.js";
import { batchCases } from "./storage-suite/batch-cases.js";
import { cacheCases } from "./storage-suite/cache-cases.js";
import { conflictCases } from "./storage-suite/conflict-cases.js";
import { contentionCases } from "./storage-suite/contention-cases.js";
import { contextCases } from "./storage-suite/context-cases.js";
import { counterCases } from "./storage-suite/counter-cases.js";
import { hashCases } from "./storage-suite/hash-cases.js";
import { keyCases } from "./storage-suite/key-cases.js";
import { lifecycleCases } from "./storage-suite/lifecycle-cases.js";
import { listCases } from "./storage-suite/list-cases.js";
import { listStructureCases } from "./storage-suite/list-structure-cases.js";
import { namespaceCases } from "./storage-suite/namespace-cases.js";
import { schemaCases } from "./storage-suite/schema-cases.js";
import { StorageCaseList, type StorageTestFunctions } from "./storage-suite/storage-case-list.js";
import type { StorageHarness } from "./storage-suite/storage-harness.js";
import { structureCases } from "./storage-suite/structure-cases.js";
import { transactCases } from "./storage-suite/transact-cases.js";
import { transactionCases } from "./storage-suite/transaction-cases.js";
import { transactionLimitCases } from "./storage-suite/transaction-limit-cases.js";
import { ttlCases } from "./storage-suite/ttl-cases.js";
import { typeCases } from "./storage-suite/type-cases.js";
import { valueCases } from "./storage-suite/value-cases.js";
import { watchCases } from "./storage-suite/watch-cases.js";
import { wholeStoreCases } from "./storage-suite/whole-store-cases.js";

export type { StorageHarness } from "./storage-suite/storage-harness.js";
export type { StorageTestFunctions } from "./storage-suite/storage-case-list.js";

/**
 * What users are promised, call by call, over a whole store of one configuration: cache, transactions and backend.
 * Every case has a store of its own on a fake clock; after it everything that two calls say about the same state
 * must agree.
 */
export function describeStorage(harness: StorageHarness, test: StorageTestFunctions): void {
  test.describe(`a store over ${harness.name}`, () => {
    const list = new StorageCaseList(harness, test);
    valueCases(list);
    keyCases(list);
    typeCases(list);
    ttlCases(list);
    batchCases(list);
    listCases(list);
    cacheCases(list);
    transactionCases(list);
    transactionLimitCases(list);
    conflictCases(list);
    transactCases(list);
    contentionCases(list);
    namespaceCases(list);
    schemaCases(list);
    counterCases(list);
    listStructureCases(list);
    hashCases(list);
    structureCases(list);
    watchCases(list);
    lifecycleCases(list);
    contextCases(list);
    wholeStoreCases(list);
    backupCases(list);
    list.finish();
  });
}
