/** Every mistake that is planted, from all rooms. */
import { BACKEND } from "./backend.ts";
import { CLI } from "./cli.ts";
import { CORE_ANNOTATOR } from "./core_annotator.ts";
import { CORE_EVAL } from "./core_eval.ts";
import { CORE_IO } from "./core_io.ts";
import { CORE_TEXT } from "./core_text.ts";
import { CORE_TRAIN } from "./core_train.ts";
import { LOSSES } from "./losses.ts";
import { REPORTED } from "./reported.ts";
import { SCHEDULER } from "./scheduler.ts";
import { STORIES } from "./stories.ts";
import { TRAINING } from "./training.ts";
import { type Mistake, mistakesOf } from "./mistake.ts";

/** All of them; a list a room. */
export const LISTS: readonly Mistake[] = mistakesOf([
  ...BACKEND,
  ...CLI,
  ...CORE_ANNOTATOR,
  ...CORE_EVAL,
  ...CORE_IO,
  ...CORE_TEXT,
  ...CORE_TRAIN,
  ...LOSSES,
  ...REPORTED,
  ...SCHEDULER,
  ...STORIES,
  ...TRAINING,
]);
