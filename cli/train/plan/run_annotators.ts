// Who annotates a run, opened once: before anything is read where its user has just typed who it is, last of all where a
// folder names a rule.
import {
  type Annotators,
  NO_ANNOTATOR,
  openAnnotators,
  planAnnotator,
  ruleFileOf,
} from "../../judge/annotators.ts";
import type { RunConfig } from "../../flags/run_config.ts";
import { UsageError } from "../../terminal/mistake.ts";
import { FILES } from "../../folder/run_folder.ts";
import type { UnopenedFolder } from "../unopened_folder.ts";
import type { Terminal } from "../../terminal/terminal.ts";

/** How they are opened. */
export interface RunAnnotatorsOptions {
  /** Instead of those that `--annotator` names. */
  readonly annotators?: Annotators;
  /** Ends the loading of a rule. */
  readonly signal?: AbortSignal;
  /** Says where a judge is out of order. */
  readonly terminal?: Terminal;
}

/** The annotators of a run, to be opened. Disposing it ends the thread of a rule, and closes a judge's verdicts. */
export class RunAnnotators implements Disposable {
  /** The file of a `rule:` annotator. */
  readonly ruleFile: string | undefined;
  readonly #config: RunConfig;
  readonly #options: RunAnnotatorsOptions;
  readonly #held = new DisposableStack();
  #opened: Annotators | undefined;

  /**
   * Checks the flags; no file is read.
   *
   * @throws {UsageError} If nobody annotates, a part of `--annotator` is unknown or noise is not in [0, 1].
   */
  constructor(config: RunConfig, options: RunAnnotatorsOptions) {
    this.#config = config;
    this.#options = options;
    const { annotator, offline } = config.method;
    planAnnotator(annotator);
    if (annotator === NO_ANNOTATOR && !offline) {
      throw new UsageError({
        verb: "train",
        found: "--annotator is none",
        expected: "somebody who says which answer wins: only a dataset's preferences need nobody",
      });
    }
    this.ruleFile = ruleFileOf(annotator);
  }

  /**
   * Opens them where they are not open yet; borrowed.
   *
   * @param folder Says whether a rule may run.
   * @throws {UsageError} If it may not, or cannot be used.
   */
  async open(folder: Pick<UnopenedFolder, "dir" | "requireTrusted">): Promise<Annotators> {
    return this.#opened ??= this.#options.annotators ?? await this.#open(folder);
  }

  async #open(folder: Pick<UnopenedFolder, "dir" | "requireTrusted">): Promise<Annotators> {
    const { method, sampling: { seed } } = this.#config;
    const { signal, terminal } = this.#options;
    if (this.ruleFile !== undefined) await folder.requireTrusted(this.ruleFile);
    const judgeCache = method.judgeCache ?? `${folder.dir}/${FILES.verdicts}`;
    const options = { ...method, judgeCache, signal, tell: terminal?.error };
    return this.#held.use(await openAnnotators(method.annotator, seed, options));
  }

  /** Ends the thread of a rule. */
  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}
