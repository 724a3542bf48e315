/** Every mistake that is planted, from all rooms. */
import { CORE_EVAL } from "./core_eval.ts";
import { type Mistake, mistakesOf } from "./mistake.ts";
import { REPORTED } from "./reported.ts";
import { STORIES } from "./stories.ts";

/** All of them; a list a room. */
export const LISTS: readonly Mistake[] = mistakesOf([...CORE_EVAL, ...REPORTED, ...STORIES]);
