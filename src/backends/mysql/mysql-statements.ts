import type { PageWish } from "../sql/sql-store.js";

/** Milliseconds on the server's clock when the statement began, never below the namespace's last commit. */
const NOW = "GREATEST(n.clock, FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000))";
const LIVE = `(e.expires IS NULL OR e.expires > ${NOW})`;
const NO_ENTRY = "NULL, NULL, NULL, NULL";

/**
 * The statements of a store. Each is one statement, so that all it answers is of one snapshot: its first row says where
 * the namespace stands (ordinal, last, now), the others follow in columns of their own.
 */
export class MysqlStatements {
  readonly commit: string;
  readonly recall: string;
  readonly count: string;
  readonly changes: string;
  readonly expired: string;
  readonly namespace: string;
  readonly addNamespace: string;
  readonly withRemains: string;
  readonly removeRemains: string;
  readonly noRemains: string;
  readonly #table: string;
  /** Where the namespace stands; one parameter, its name. */
  readonly #state: string;
  /** The entries of a namespace's generation, the namespace first. */
  readonly #entries: string;

  constructor(table: string) {
    this.#table = table;
    const namespaces = `\`${table}_namespaces\``;
    const log = `\`${table}_changes\``;
    this.#state = `SELECT n.ordinal, n.last, ${NOW}, ${NO_ENTRY}, NULL FROM ${namespaces} n WHERE n.name = ?`;
    this.#entries = `${namespaces} n STRAIGHT_JOIN \`${table}\` e ON e.ns = n.id AND e.generation = n.generation`;
    this.commit = `CALL \`${table}_commit\`(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
    this.recall = `CALL \`${table}_recall\`(?)`;
    this.count = `(${this.#state}) UNION ALL (SELECT COUNT(*), NULL, NULL, ${NO_ENTRY}, NULL FROM (
      SELECT 1 FROM ${this.#entries} WHERE n.name = ? AND e.k >= ? AND e.k < ? AND ${LIVE} LIMIT ?) found)`;
    this.changes = `(SELECT n.ordinal, n.last, ${NO_ENTRY}, NULL, NULL FROM ${namespaces} n WHERE n.name = ?) UNION ALL
      (SELECT c.ordinal, c.previous, c.commits, c.clock, c.failed, c.removed, c.replaced, c.frame
      FROM ${namespaces} n STRAIGHT_JOIN ${log} c ON c.ns = n.id
      WHERE n.name = ? AND c.ordinal >= ? ORDER BY c.ordinal LIMIT ?)`;
    this.expired = `SELECT n.name, e.k, e.version, e.incarnation
      FROM \`${table}\` e STRAIGHT_JOIN ${namespaces} n ON n.id = e.ns AND n.generation = e.generation
      WHERE e.expires <= FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) ORDER BY e.expires LIMIT ?`;
    this.namespace = `SELECT id FROM ${namespaces} WHERE name = ?`;
    this.addNamespace = `INSERT IGNORE INTO ${namespaces} (name) VALUES (?)`;
    this.withRemains = `SELECT id, generation FROM ${namespaces} WHERE remains = 1 LIMIT 1`;
    this.removeRemains = `DELETE FROM \`${table}\` WHERE ns = ? AND generation < ? ORDER BY ns, generation, k LIMIT ?`;
    this.noRemains = `UPDATE ${namespaces} SET remains = 0 WHERE id = ? AND generation = ?`;
  }

  /** Parameters: name, name, places of keys as JSON, bytes. */
  read(wantsValues: boolean): string {
    return `(${this.#state}) UNION ALL
      (SELECT w.number, e.version, e.expires, e.type, e.incarnation, e.size, NULL, ${wantsValues ? "e.value" : "NULL"}
      FROM \`${this.#table}_namespaces\` n
      STRAIGHT_JOIN JSON_TABLE(?, '$[*]' COLUMNS (number FOR ORDINALITY, o INT PATH '$[0]', l INT PATH '$[1]')) w
      STRAIGHT_JOIN \`${this.#table}\` e
        ON e.ns = n.id AND e.generation = n.generation AND e.k = SUBSTRING(?, w.o, w.l)
      WHERE n.name = ? AND ${LIVE})`;
  }

  /**
   * Parameters: name, name, start, end, limit, and with values also the most bytes. A page of values ends before they are
   * more than that; its rows say how many they would have been.
   */
  page({ want, reverse, includesExpired }: PageWish): string {
    const order = `ORDER BY e.k ${reverse ? "DESC" : "ASC"}`;
    const live = includesExpired === true ? "" : `AND ${LIVE}`;
    const found = `FROM ${this.#entries} WHERE n.name = ? AND e.k >= ? AND e.k < ? ${live} ${order} LIMIT ?`;
    if (want !== "values") {
      return `(${this.#state}) UNION ALL
        (SELECT e.k, e.version, e.expires, e.type, e.incarnation, e.size, NULL, NULL ${found})`;
    }
    return `(${this.#state}) UNION ALL
      (SELECT e.k, e.version, e.expires, e.type, e.incarnation, e.size, p.candidates, e.value FROM (
        SELECT q.ns, q.generation, q.k, COUNT(*) OVER () AS candidates,
          SUM(q.size) OVER (ORDER BY q.k ${reverse ? "DESC" : "ASC"}) - q.size AS before_it
        FROM (SELECT e.ns, e.generation, e.k, e.size ${found}) q) p
      STRAIGHT_JOIN \`${this.#table}\` e ON e.ns = p.ns AND e.generation = p.generation AND e.k = p.k
      WHERE p.before_it < ? ${order})`;
  }

  /** Parameters: a name, the limit. */
  namespaces(isFirst: boolean): string {
    return `SELECT n.name FROM \`${this.#table}_namespaces\` n WHERE n.name ${isFirst ? ">=" : ">"} ? AND EXISTS (
      SELECT 1 FROM \`${this.#table}\` e WHERE e.ns = n.id AND e.generation = n.generation)
      ORDER BY n.name LIMIT ?`;
  }
}
