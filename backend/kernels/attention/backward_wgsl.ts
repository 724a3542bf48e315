// WGSL of the backward pass of attention: a workgroup of queries sums over keys, one of keys over queries.
import type { Numbers } from "../../kernel.ts";
import {
  capping,
  eachBlockOfHeadWgsl,
  fillTiles,
  firstTile,
  headVectors,
  lanes,
  loadVector,
  ownVector,
  ownVectors,
  scaleOf,
  seenKeys,
  skipUnseen,
  storeVector,
  tileAt,
  tiles,
  unrolled,
  whole,
} from "./wgsl.ts";

/** The shader for what is fixed; `attentionBackwardKernel` says what it binds. */
export function backwardWgsl(f: Numbers): string {
  const n = ownVectors(f), head = headVectors(f), capped = f.CAPPED === 1, shared = lanes(f) > 1;
  const dots = (mine: string, tiled: string, j = 0) =>
    unrolled(n, (c) => `dot(${mine}${c}, ${tiled}[at + ${j * head + c}u])`, " + ");
  const four = (mine: string, tiled: string) =>
    whole(f, `vec4<f32>(${unrolled(4, (j) => dots(mine, tiled, j), ", ")})`);
  return /* wgsl */ `
${tiles(f)}
${["q", "k", "v", "dout"].map((name) => loadVector(name, f)).join("\n")}
${["dq", "dk", "dv"].map((name) => storeVector(name, f)).join("\n")}
${fillTiles("k", "v")}
${fillTiles("q", "dout")}
${capping(f)}

fn queries(local: u32, head: u32, first: u32, start: u32, count: u32) {
  let i = first + local % ROWS;
  let row = start + min(i, count - 1u);
  let query = (row * H + head) * D;
  let column = (head / (H / KV)) * D;
  let scale = ${scaleOf(f)};
  let lse = stats[2u * (row * H + head)];
  let delta = stats[2u * (row * H + head) + 1u];
  ${
    unrolled(n, (c) =>
      `let q${c} = load_q(query, ${ownVector(f, c)}) * scale; let o${c} = load_dout(query, ${
        ownVector(f, c)
      }); var dq${c} = vec4<f32>();`)
  }
  let end = min(first + ROWS, count);
  for (var j0 = ${firstTile(f, "first")}; j0 < end; j0 += TILE) {
    fill_k_v(local, j0, end, start * KV * D + column, KV * D);
    for (var t = 0u; t < TILE; t += 4u) {
      let j = j0 + t;
      ${skipUnseen(f)}
      let at = ${tileAt(f)};
      let seen = ${seenKeys(f)};
      let raw = ${four("q", "left")};
      let scores = select(vec4<f32>(LOWEST), ${capped ? "cap(raw)" : "raw"}, seen);
      let weights = select(vec4<f32>(), exp(scores - lse), seen);
      let g = weights * (${four("o", "right")} - delta)${capped ? " * slope(cap(raw))" : ""};
      ${
    unrolled(n, (c) =>
      `dq${c} += ${
        unrolled(4, (j) => `g[${j}] * left[at + ${j * head + c}u]`, " + ")
      };`)
  }
    }
  }
  if (i >= count) { return; }
  ${unrolled(n, (c) => `store_dq(query, ${ownVector(f, c)}, dq${c} * scale);`)}
}

fn keys(local: u32, head: u32, first: u32, start: u32, count: u32) {
  let j = first + local % ROWS;
  let mine = ((start + min(j, count - 1u)) * KV + head) * D;
  let scale = ${scaleOf(f)};
  ${
    unrolled(n, (c) =>
      `let k${c} = load_k(mine, ${ownVector(f, c)}) * scale; let v${c} = load_v(mine, ${
        ownVector(f, c)
      });
  var dk${c} = vec4<f32>(); var dv${c} = vec4<f32>();`)
  }
  let end = ${f.WINDOW > 0 ? "min(count, first + (ROWS - 1u) + WINDOW)" : "count"};
  for (var h = head * (H / KV); h < (head + 1u) * (H / KV); h++) {
    for (var i0 = first; i0 < end; i0 += TILE) {
      fill_q_dout(local, i0, end, (start * H + h) * D, H * D);
      let rows = min(TILE, end - i0);
      ${
    shared
      ? `var at = ${tileAt(f, "0u")}; let scores = ${four("k", "left")}; let slopes = ${
        four("v", "right")
      };`
      : ""
  }
      for (var t = 0u; t < rows; t++) {
        if (i0 + t < j) { continue; }
        ${f.WINDOW > 0 ? "if (i0 + t >= j + WINDOW) { break; }" : ""}
        ${shared ? "" : "let "}at = ${tileAt(f)};
        let pair = 2u * ((start + i0 + t) * H + h);
        let raw = ${shared ? "scores[t]" : dots("k", "left")};
        let capped = ${capped ? "cap(vec4<f32>(raw))" : "vec4<f32>(raw)"};
        let weight = exp(capped.x - stats[pair]);
        let g = weight * (${shared ? "slopes[t]" : dots("v", "right")} - stats[pair + 1u])${
    capped ? " * slope(capped).x" : ""
  };
        ${
    unrolled(n, (c) => `dk${c} += g * left[at + ${c}u]; dv${c} += weight * right[at + ${c}u];`)
  }
      }
    }
  }
  if (j >= count) { return; }
  ${
    unrolled(n, (c) =>
      `store_dk(mine, ${ownVector(f, c)}, dk${c} * scale); store_dv(mine, ${
        ownVector(f, c)
      }, dv${c});`)
  }
}

${eachBlockOfHeadWgsl("(H + KV)", f)}
  let start = u32(stats[2u * (p.rows * H + sequence)]);
  let count = u32(stats[2u * (p.rows * H + sequence) + 1u]);
  if (first >= count) { return; }
  if (head < H) { queries(local, head, first, start, count); } else { keys(local, head - H, first, start, count); }
}`;
}
