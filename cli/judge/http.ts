// `--annotator judge:URL#MODEL`: a language model behind an endpoint, asked in both orders and watched by canaries.
import {
  type Annotator,
  CANARIES,
  httpJudge,
  type Rubric,
  rubricByName,
  rubricNames,
  withCanaries,
  withOrderSwap,
} from "../../core/mod.ts";
import { quote } from "../../core/base/quote.ts";
import { VerdictFile } from "../../files/mod.ts";
import { JUDGE_KEY, type JudgeSettings } from "../flags/judge_rows.ts";
import { counted } from "../terminal/counted.ts";
import { UsageError } from "../terminal/mistake.ts";

/** What stands before the address. */
export const JUDGE = "judge:";
/** Most characters of a rubric's file. */
const LONGEST_RUBRIC = 100_000;

/** Where a judge is, and its model. */
export interface JudgeAddress {
  /** Of the API. */
  readonly url: string;
  /** The endpoint's name of it. */
  readonly model: string;
}

/** A judge that can be asked. Disposing it closes its file of verdicts. */
export interface OpenHttpJudge extends Disposable {
  /** In both orders, after its canaries. */
  readonly annotator: Annotator;
}

/**
 * `URL#MODEL`, without what a config must not hold.
 *
 * @throws {UsageError} If it is no address of a model, or has a password or a key in it.
 */
export function judgeAddress(text: string): JudgeAddress {
  const [address, model, ...more] = text.split("#");
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const refuse = (found: string, expected: string): never => {
    throw new UsageError({ verb: "train", found: `--annotator ${found}`, expected });
  };
  if (url === undefined || !/^https?:$/.test(url.protocol) || !model || more.length > 0) {
    return refuse(
      `is ${quote(JUDGE + text)}`,
      "judge:URL#MODEL, such as judge:http://127.0.0.1:8080/v1#qwen3",
    );
  }
  if (url.username !== "" || url.password !== "" || url.search !== "") {
    return refuse(
      `has a password or a query in the judge's address`,
      `the address alone, and the key in the environment as ${JUDGE_KEY}`,
    );
  }
  return { url: address, model };
}

/** How it is asked, and who hears of it. */
export interface HttpJudgeSettings extends JudgeSettings {
  /** Hears a line for people. */
  readonly tell?: (line: string) => void;
}

/**
 * Opens a judge; nothing is asked yet.
 *
 * @param apiKey Default what the environment has.
 * @throws {UsageError} If the address or the rubric is none, or this program may not connect there.
 */
export async function openHttpJudge(
  text: string,
  settings: HttpJudgeSettings,
  apiKey?: string,
): Promise<OpenHttpJudge> {
  const { url, model } = judgeAddress(text);
  await requireNet(new URL(url).host);
  const { judgeRubric = "helpfulness", judgeCache } = settings;
  const rubric = await readRubric(judgeRubric);
  const store = judgeCache === undefined ? undefined : new VerdictFile(judgeCache);
  const judge = httpJudge({
    ...{ url, model, rubric, store, apiKey: apiKey ?? await keyOf() },
    onOutage: (why, patience) =>
      settings.tell?.(
        `The judge at ${url} is out of order (${why}): asking again for up to ${
          counted(Math.round(patience / 60_000), "minute")
        }`,
      ),
    concurrency: settings.judgeConcurrency,
    perMinute: settings.judgeRate,
    budget: { calls: settings.judgeCalls, tokens: settings.judgeTokens },
  });
  return {
    annotator: withCanaries(withOrderSwap(judge), CANARIES),
    [Symbol.dispose]: () => store?.[Symbol.dispose](),
  };
}

/** The key that the environment has, where it may be read. */
async function keyOf(): Promise<string | undefined> {
  const { state } = await Deno.permissions.query({ name: "env", variable: JUDGE_KEY });
  return state === "granted" ? Deno.env.get(JUDGE_KEY) || undefined : undefined;
}

async function requireNet(host: string): Promise<void> {
  const { state } = await Deno.permissions.query({ name: "net", host });
  if (state === "granted") return;
  throw new UsageError({
    ...{
      verb: "train",
      found: `--annotator is a judge at ${host} and this program may not connect`,
    },
    expected: `\`deno task leash train\`, or Deno's --allow-net=${host}`,
  });
}

async function readRubric(name: string): Promise<Rubric> {
  if (rubricNames.includes(name)) return rubricByName(name);
  const refuse = (found: string, cause?: unknown): never => {
    throw new UsageError({
      ...{ verb: "use", thing: `the rubric ${name}`, found },
      expected: `one of ${rubricNames.join(", ")}, or a text file`,
    }, { cause });
  };
  const text = await Deno.readTextFile(name).catch((error) => refuse("it cannot be read", error));
  if (text.trim() === "") return refuse("it is empty");
  if (text.length > LONGEST_RUBRIC) return refuse(`it has ${text.length} characters`);
  return { name, text: text.trim() };
}
