/** Mistakes that once passed every test; a test was written for each. */
import type { MistakeRow } from "./mistake.ts";

/** One a row. */
export const REPORTED: readonly MistakeRow[] = [
  // Collecting and generating.
  ["collect", "n * stream + place", "stream + place"],
  ["collect", 'fold(options.key, "behaviour")', "options.key"],
  [
    "generateBatch",
    'done[s] === DONE.ENDED ? "stop" : "length"',
    'done[s] === DONE.ENDED && lengths[s] < maxNew ? "stop" : "length"',
  ],
  // Training steps.
  ["sftStep", "step: step + 1", "step: step + 2"],
  ["sftGradients", "targets, lse, scale }, { softcap }", "targets, lse, scale }, {}"],
  ["nll", "fill(-1 / batch.targets.length)", "fill(-1 / device.targets.shape[0])"],
  ["Learner", "gradNorm, nonFinite }", "gradNorm: 0 }"],
  ["Learner", "learner.#updates = updates", "learner.#updates = 0"],
  [
    "uploadTrainState",
    'm: arena.upload(shape, host.m, "m")',
    'm: arena.upload(shape, host.params, "m")',
  ],
  [
    "SftCourse",
    "divergence({ step: step + 1, ...numbers }",
    "divergence({ step: step + 1, loss: numbers.loss, gradNorm: 0 }",
  ],
  ["initAdapter", "1 / Math.sqrt(inDim)", "1 / inDim"],
  // Files.
  [
    "rescore",
    "[total(record.a.logps), total(record.b.logps)]",
    "[total(record.a.logps), total(record.a.logps)]",
  ],
  ["pairOf", "ref_rejected_logps: rejected.reference", "ref_rejected_logps: chosen.reference"],
  ["readPhase", "record.phase === phase", "record.phase <= phase"],
  ["NAMES", 'rule: "the rule\'s fingerprint",', ""],
  // Evaluating and annotating.
  ["answersOf", "fold(keyOf(flags.seed), side)", "keyOf(flags.seed)"],
  ["answersIn", "? example.chosen", "? example.rejected"],
  ["answersIn", "if (!byPrompt.has(words)) byPrompt.set", "byPrompt.set"],
  ["textPair", "chosen_score: scores?.[won]", "chosen_score: scores?.[lost]"],
  [
    "annotateFile",
    'ties: count("tie"), failed: count("failed")',
    'ties: count("failed"), failed: count("tie")',
  ],
  // The run.
  [
    "RunEvaluator",
    "greedy ? { temperature: 0 } : { temperature, topP }",
    "{ temperature, topP }",
  ],
  ["shareStopped", "/ answers.length", "/ records.length"],
  ["PairCourse", "entries && (step + 1) *", "entries && step *"],
  ["PhaseSums", "margin: this.#margin / steps", "margin: this.#margin"],
  ["evaluate", 'finish === "stop" ? 1 : 0', 'finish === "stop" ? 0 : 1'],
  // Texts.
  [
    "wholeWords",
    '?? "")) || IN_WORD.test(',
    '?? "")) && IN_WORD.test(',
  ],
  [
    "splitting",
    "(token.normalized && normalizer !== null) !== isNormalized",
    "token.normalized !== isNormalized",
  ],
  ["bytesOf", "bytes.every", "bytes.some"],
  ["keyOf", "JSON.stringify([prompt, a, b])", "prompt + a + b"],
  ["holdOut", "all.length - 1", "all.length"],
  [
    "completions",
    "tokens + sequence.ids.length > batchTokens",
    "tokens + sequence.ids.length >= batchTokens",
  ],
  ["splitPrompts", "order.subarray(0, held)", "order.subarray(0, held - 1)"],
  ["int8Encoder", "q > 127 ? 127 : q < -127 ? -127 : q", "q"],
];
