import { assertEquals, assertThrows } from "@std/assert";
import {
  completionOf,
  humanAssistantOf,
  isWhole,
  preferenceOf,
  systemOf,
} from "../../../../core/text/rows/checks.ts";
import { UnusableRow } from "../../../../core/text/rows/report.ts";
import type { Message } from "../../../../core/text/rows/rows.ts";

const turn = (role: string, content: string): Message => ({ role, content });
const [user, yes, no] = [turn("user", "q"), turn("assistant", "yes"), turn("assistant", "no")];

Deno.test("preferenceOf() takes shared turns for the prompt, where the prompt says them or the answers do", () => {
  const wanted = { kind: "preference", prompt: [user], chosen: [yes], rejected: [no] };
  for (const prompt of [[user], "q"]) {
    for (const before of [[], [user]]) {
      const pair = { prompt, chosen: [...before, yes], rejected: [...before, no] };
      assertEquals(preferenceOf(pair) as unknown, wanted);
    }
  }
  const more = [user, yes, turn("user", "and?")];
  const long = { prompt: more, chosen: [...more, yes], rejected: [...more, no] };
  assertEquals(preferenceOf(long) as unknown, { ...wanted, prompt: more });
});

Deno.test("preferenceOf() and completionOf() keep a system message that only the prompt or only the answers have", () => {
  const system = turn("system", "Be kind.");
  const wanted = [system, user];
  for (const [prompt, before] of [[[system, user], [user]], [[user], [system, user]]]) {
    const pair = preferenceOf({ prompt, chosen: [...before, yes], rejected: [...before, no] });
    assertEquals(pair as unknown, {
      kind: "preference",
      ...{ prompt: wanted, chosen: [yes], rejected: [no] },
    });
    const one = completionOf(prompt, [...before, yes], "completion");
    assertEquals(one, { prompt: wanted, completion: [yes] });
  }
});

Deno.test("preferenceOf() puts what a column `system` says first, unless the dialogue has its own", () => {
  const system = systemOf("Be kind.")!;
  const pair = { prompt: [user], chosen: [yes], rejected: [no] };
  const { prompt } = preferenceOf(pair, system) as unknown as typeof pair;
  assertEquals(prompt, [system, user]);
  const own = { ...pair, prompt: [turn("system", "Mine."), user] };
  assertEquals((preferenceOf(own, system) as unknown as typeof pair).prompt, own.prompt);
  assertEquals(preferenceOf({ prompt: "q", chosen: "yes", rejected: "no" }, system) as unknown, {
    kind: "preference",
    ...{ prompt: [system, user], chosen: [yes], rejected: [no] },
    plain: { prompt: "Be kind.\n\nq", chosen: "yes", rejected: "no" },
  });
  assertEquals([systemOf(" "), systemOf(null)], [undefined, undefined]);
  assertThrows(() => systemOf(NaN), UnusableRow, "system is NaN, expected text");
});

Deno.test("completionOf() splits a whole dialogue at its last answer, and refuses one that goes on", () => {
  const whole = [turn("user", "p"), yes, user, no];
  assertEquals(completionOf("ignored", whole, "completion"), {
    prompt: whole.slice(0, 3),
    completion: [no],
  });
  const act = () => completionOf([user], [yes, user], "completion");
  assertThrows(act, UnusableRow, "completion has a turn of the user");
});

Deno.test("humanAssistantOf() has the dialogue as messages, and as text that ends where the assistant speaks", () => {
  const begun = "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:";
  const body = humanAssistantOf({ chosen: `${begun} d`, rejected: `${begun} do not` });
  assertEquals(body as unknown, {
    kind: "preference",
    prompt: [turn("user", "a"), turn("assistant", "b"), turn("user", "c")],
    chosen: [turn("assistant", "d")],
    rejected: [turn("assistant", "do not")],
    plain: { prompt: begun, chosen: " d", rejected: " do not" },
  });
});

Deno.test("isWhole() is a list in which the user speaks, by either name", () => {
  assertEquals([isWhole([user, yes]), isWhole([{ from: "human", value: "q" }])], [true, true]);
  assertEquals([isWhole([yes]), isWhole("user"), isWhole(undefined)], [false, false, false]);
});
