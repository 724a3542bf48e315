/** Mistakes in scheduler/: when a phase is due, whose prompts it has, who its policies are. */
import type { MistakeRow } from "./mistake.ts";

/** One a row. */
export const SCHEDULER: readonly MistakeRow[] = [
  ["cadence", "Math.ceil(steps / (phases ?? 1))", "Math.floor(steps / (phases ?? 1))"],
  [
    "cadence",
    "(step - partOf(step).from) % every === 0",
    "(step + 1 - partOf(step).from) % every === 0",
  ],
  [
    "cadence",
    "first + Math.floor((step - from) / every)",
    "first + Math.ceil((step - from) / every)",
  ],
  ["cadence", "Math.min(to, begin + every)", "begin + every"],
  [
    "cadence",
    "first: first + Math.ceil((from - before) / every)",
    "first: first + Math.floor((from - before) / every)",
  ],
  ["phaseVisits", "from * pairsPerStep + i", "i"],
  ["phaseVisits", "Math.floor(stream / length)", "0"],
  ["phaseVisits", 'fold(fold(key, "prompts"), epoch)', 'fold(key, "prompts")'],
  ["phaseVisits", "step: Math.floor(stream / pairsPerStep)", "step: from"],
  [
    "phasePrompts",
    "phaseVisits(prompts.length, options, phase)",
    "phaseVisits(prompts.length - 1, options, phase)",
  ],
  ["promptIds", "[tokenizer.bosId, ...ids]", "ids"],
  [
    "takeSnapshot",
    "exactMean(arena, members)",
    "{ ...members, params: arena.clone(members.params) }",
  ],
  ["adapterHash", "a.name < b.name ? -1 : 1", "a.name < b.name ? 1 : -1"],
  ["adapterHash", "`scale ${layout.scale}`", '"scale"'],
  [
    "EmaReference",
    "this.#mean = takeSnapshot(device, { layout, params: members.borrow().params }, id);",
    'this.#mean = takeSnapshot(device, { layout, params: members.borrow().params }, "ema-0");',
  ],
  ["collect", "ids[Math.floor(i / n)], completions", "ids[0], completions"],
  ["collect", "adapter: reference.adapter", "adapter: behaviour.adapter"],
  ["collect", "a: texts[a], b: texts[b]", "a: texts[a], b: texts[a]"],
];
