// Metrics of a batch that went through the model in parts: the same places as if it had gone through at once.
import type { Arena, Tensor } from "../../backend/mod.ts";
import type { Part } from "../batch/micro_batches.ts";
import type { Per } from "./objective.ts";

interface Range {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** How many numbers of each kind a member has. */
function lengthOf({ packed, examples }: Part<unknown>, per: Per): number {
  if (per === "token") return packed.targets.length;
  return per === "sequence" ? packed.starts.length : per === "example" ? examples.length : 1;
}

/** Where a part's numbers go, neighbours together. */
function ranges(part: Part<unknown>, whole: Part<unknown>, per: Per): Range[] {
  const one = (to: number, from: number): Range => ({ from, to, count: 1 });
  const all = per === "member"
    ? [one(0, 0)]
    : per === "example"
    ? part.examples.map(one)
    : part.sequences.map((place, s) =>
      per === "sequence" ? one(place, s) : {
        from: part.packed.headStarts[s],
        to: whole.packed.headStarts[place],
        count: part.packed.headCounts[s],
      }
    );
  const joined: Range[] = [];
  for (const next of all) {
    const last = joined.at(-1);
    const follows = last && last.from + last.count === next.from &&
      last.to + last.count === next.to;
    if (follows) {
      joined[joined.length - 1] = { ...last, count: last.count + next.count };
    } else joined.push(next);
  }
  return joined;
}

/** A batch's metrics, which its parts fill in. */
export class JoinedMetrics<Metric extends string> {
  /** Each [K·n], n by its kind. */
  readonly metrics: Readonly<Record<Metric, Tensor>>;

  /** Makes room for the metrics of a whole batch. */
  constructor(
    readonly arena: Arena,
    readonly members: number,
    readonly whole: Part<unknown>,
    readonly kinds: Readonly<Record<Metric, Per>>,
  ) {
    this.metrics = Object.fromEntries(
      Object.entries<Per>(kinds).map(([name, per]) =>
        [name, arena.alloc([members * lengthOf(whole, per)], `${name} of the batch`)] as const
      ),
    ) as Record<Metric, Tensor>;
  }

  /** Takes those of a part. */
  take(part: Part<unknown>, own: Readonly<Record<Metric, Tensor>>): void {
    for (const name of Object.keys(this.kinds) as Metric[]) {
      const per = this.kinds[name], n = lengthOf(part, per), N = lengthOf(this.whole, per);
      for (const { from, to, count } of ranges(part, this.whole, per)) {
        for (let k = 0; k < this.members; k++) {
          this.arena.copy(own[name], this.metrics[name], {
            from: k * n + from,
            to: k * N + to,
            count,
          });
        }
      }
    }
  }
}
