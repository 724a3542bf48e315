import { assertEquals } from "@std/assert";
import { loopVariable } from "../../../../core/text/template/loop_variable.ts";
import { make, type TemplateFunction } from "../../../../core/text/template/make.ts";
import { pythonText, type TemplateValue } from "../../../../core/text/template/values.ts";

const items = ["a", "b", "c"].map((text) => make.text(text));
const field = (i: number, name: string) =>
  (loopVariable(items, i, {}).value as Map<string, TemplateValue>).get(name)!;

Deno.test("loopVariable() says where a round stands", () => {
  const names = ["index", "index0", "revindex", "first", "last", "previtem", "nextitem"];
  const said = (i: number) => names.map((name) => pythonText(field(i, name)));
  assertEquals(said(0), ["1", "0", "3", "True", "False", "", "b"]);
  assertEquals(said(2), ["3", "2", "1", "False", "True", "b", ""]);
});

Deno.test("loopVariable() changed() compares with the round before", () => {
  const changed = {};
  const asks = (text: string) => {
    const loop = loopVariable(items, 0, changed).value as Map<string, TemplateValue>;
    const body = loop.get("changed")!.value as unknown as TemplateFunction;
    return pythonText(
      (body as (args: TemplateValue[], scope?: unknown) => TemplateValue)([make.text(text)]),
    );
  };
  assertEquals(["x", "x", "y"].map(asks), ["True", "False", "True"]);
});
