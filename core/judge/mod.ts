/**
 * Language models as annotators: what they are asked, over which wire, and what counts as an answer.
 *
 * @module
 */
export type { Clock } from "./clock.ts";
export type { EndpointOptions } from "./endpoint.ts";
export type { PaceOptions } from "./pace.ts";
export * from "./http_judge.ts";
export type { JudgeUsage } from "./reply.ts";
export * from "./rubric.ts";
