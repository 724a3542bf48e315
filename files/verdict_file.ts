// Verdicts in an SQLite file: each is on the disk before the next step, so that nobody pays twice for one.
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Verdict, VerdictStore } from "../core/mod.ts";
import { Mistake } from "../core/base/mistake.ts";

/**
 * A store of verdicts in a file, made where it is not there. It is opened when it is first asked. Several processes may
 * use it at once. Dispose it to close it.
 *
 * @example
 * ```ts
 * import { VerdictFile } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const path = await Deno.makeTempFile({ suffix: ".sqlite" });
 * {
 *   using store = new VerdictFile(path);
 *   store.set("a question's hash", { outcome: "a", reason: "shorter" });
 * }
 * using again = new VerdictFile(path);
 * assertEquals(again.get("a question's hash")?.outcome, "a");
 * ```
 */
export class VerdictFile implements VerdictStore, Disposable {
  #opened: Opened | undefined;

  /** A store at a path; nothing is opened yet. */
  constructor(
    /** Where it is. */
    readonly path: string,
  ) {}

  /**
   * What was said of a question.
   *
   * @throws {Mistake} If the file is no store of verdicts, or cannot be opened.
   */
  get(key: string): Verdict | undefined {
    const row = this.#use(({ get }) => get.get(key));
    return row === undefined ? undefined : JSON.parse(String(row.verdict));
  }

  /**
   * Keeps what was said first; it is durable when this returns.
   *
   * @throws {Mistake} If the file cannot be written.
   */
  set(key: string, verdict: Verdict): void {
    this.#use(({ set }) => set.run(key, JSON.stringify(verdict), new Date().toISOString()));
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#opened?.database.close();
    this.#opened = undefined;
  }

  #use<T>(work: (opened: Opened) => T): T {
    try {
      return work(this.#opened ??= open(this.path));
    } catch (cause) {
      throw new Mistake("file", {
        verb: "use",
        thing: this.path,
        found: cause instanceof Error ? cause.message : String(cause),
        expected: "a file of verdicts that this program made",
      }, { cause });
    }
  }
}

interface Opened {
  readonly database: DatabaseSync;
  readonly get: StatementSync;
  readonly set: StatementSync;
}

function open(path: string): Opened {
  const database = new DatabaseSync(path);
  try {
    database.exec(
      "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
    );
    database.exec(
      "CREATE TABLE IF NOT EXISTS verdict (key TEXT PRIMARY KEY, verdict TEXT NOT NULL, at TEXT NOT NULL) " +
        "STRICT, WITHOUT ROWID",
    );
    return {
      database,
      get: database.prepare("SELECT verdict FROM verdict WHERE key = ?"),
      set: database.prepare("INSERT OR IGNORE INTO verdict VALUES (?, ?, ?)"),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
