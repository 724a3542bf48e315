// A Jinja interpreter that ends: what a template does is charged to a meter before it is done; and where
// @huggingface/jinja 0.5 differs from Python's Jinja (named at each place) Python's way is taken.
import { Environment, Interpreter } from "@huggingface/jinja";
import { TemplateBudgetError, type TemplateLimits, TemplateMeter } from "./template_meter.ts";
import {
  equal,
  isContainer,
  isText,
  pythonText,
  replaceText,
  splitText,
  stripText,
  type TemplateValue,
} from "./template_values.ts";

type Node = NonNullable<Parameters<Interpreter["evaluate"]>[0]>;
type Block = readonly Node[];
/** A syntax node as the parser makes it; its kinds are not exported, so fields are looked up by name. */
type Fields = Record<string, unknown> & { type: string };
interface Given {
  readonly type: "Given";
  readonly given: TemplateValue;
}
type Arguments = [TemplateValue[], Map<string, TemplateValue>];
interface Inner {
  evaluateBlock: (statements: Block, scope: Environment) => TemplateValue;
  evaluateArguments(args: Node[], scope: Environment): Arguments;
}

const MAX_DEPTH = 300; // expressions within expressions: real templates stay under 100
const CHEAP = new Set(["length", "first", "last", "default", "list"]); // filters that do not walk a list
const LAZY = new Set(["select", "reject", "selectattr", "rejectattr", "map"]); // of nothing, nothing
const SILENT = new Set(["Set", "Macro", "Comment"]); // statements that print nothing
const DICT_METHODS = new Set(["items", "keys", "values", "get"]);

/** Runs a parsed template once within `limits`. */
export class TemplateInterpreter extends Interpreter {
  readonly #meter: TemplateMeter;
  readonly #inner: Inner;
  readonly #true: TemplateValue;
  readonly #false: TemplateValue;
  #depth = 0;
  readonly #bodies = new WeakSet<Block>(); // of loops
  readonly #partial = new WeakMap<object, { kind: string; text: string }>(); // printed before break or continue
  #round = { broken: "", finished: false }; // of the innermost loop

  constructor(environment: Environment, limits: TemplateLimits) {
    super(environment);
    this.#meter = new TemplateMeter(limits);
    this.#inner = this as unknown as Inner;
    this.#true = new Environment().set("true", true);
    this.#false = new Environment().set("false", false);
    this.#inner.evaluateBlock = (statements, scope) => this.#block(statements, scope);
  }

  override evaluate(node: Node | undefined, scope: Environment): TemplateValue {
    if (node === undefined) return super.evaluate(node, scope);
    if (node.type as string === "Given") return (node as unknown as Given).given;
    this.#meter.charge(1);
    if (++this.#depth > MAX_DEPTH) {
      throw new TemplateBudgetError(`it nests calls and expressions more than ${MAX_DEPTH} deep`);
    }
    try {
      const value = this.#step(node as unknown as Fields, scope) as TemplateValue | undefined;
      // `[] | first` gives a bare undefined
      return value === undefined ? super.evaluate(undefined, scope) : this.#meter.weighed(value);
    } finally {
      this.#depth--;
    }
  }

  #step(node: Fields, scope: Environment): TemplateValue {
    switch (node.type) {
      case "BinaryExpression":
        return this.#binary(node, scope);
      case "For":
        return this.#loop(node, scope);
      case "Break":
      case "Continue":
        try {
          return this.#plain(node, scope);
        } catch (control) {
          this.#partial.set(control as object, { kind: node.type, text: "" });
          throw control;
        }
      case "FilterExpression":
        return this.#filter(this.evaluate(node.operand as Node, scope), node.filter, scope);
      case "FilterStatement":
        return this.#filter(this.#block(node.body as Block, scope), node.filter, scope);
      case "MemberExpression":
        return this.#member(node, scope);
      case "Macro":
      case "CallStatement":
        this.#meter.charge(this.#meter.sizeOf(node)); // the interpreter walks the body at every definition
        return this.#plain(node, scope);
      case "TestExpression": {
        const operand = this.evaluate(node.operand as Node, scope);
        const { value } = node.test as { value: string };
        if (value === "iterable" && isContainer(operand)) return this.#bool(!node.negate); // mappings too
        return this.#plain({ ...node, operand: given(operand) }, scope);
      }
      default:
        return this.#plain(node, scope);
    }
  }

  #plain(node: Fields, scope: Environment): TemplateValue {
    return super.evaluate(node as unknown as Node, scope);
  }

  #text(text: string): TemplateValue {
    return this.#plain({ type: "StringLiteral", value: text }, this.global);
  }

  #bool(value: boolean): TemplateValue {
    return value ? this.#true : this.#false;
  }

  /** Statements one after another; differences to 0.5: None prints "None", break keeps what was printed. */
  #block(statements: Block, outer: Environment): TemplateValue {
    this.#meter.charge(1);
    const isBody = this.#bodies.has(statements);
    const scope = isBody ? new Environment(outer) : outer; // what is set in a loop ends with the round
    let out = "";
    for (const statement of statements) {
      try {
        const value = this.evaluate(statement, scope);
        if (!SILENT.has(statement.type)) out += pythonText(value);
        this.#meter.checkLength(out.length);
      } catch (control) {
        const partial = this.#partial.get(control as object);
        if (partial === undefined) throw control;
        out += partial.text;
        partial.text = out;
        if (!isBody) throw control;
        if (partial.kind === "Continue") return this.#text(out);
        this.#round.broken = out;
        throw control;
      }
    }
    if (isBody) this.#round.finished = true;
    return this.#text(out);
  }

  #loop(node: Fields, scope: Environment): TemplateValue {
    this.#bodies.add(node.body as Block);
    const iterable = node.iterable as unknown as Fields;
    const select = iterable.type === "SelectExpression";
    let list = this.evaluate((select ? iterable.lhs : iterable) as Node, scope);
    if (list.type === "UndefinedValue") {
      list = this.#plain({ type: "ArrayLiteral", value: [] }, scope);
    }
    if (isContainer(list)) {
      this.#meter.charge(4 * (list.value instanceof Map ? list.value.size : list.value.length));
    }
    const ready = select ? { ...iterable, lhs: given(list) } : given(list);
    const outer = this.#round;
    const round = { broken: "", finished: false };
    this.#round = round;
    let out: string;
    try {
      out = pythonText(this.#plain({ ...node, iterable: ready, defaultBlock: [] }, scope));
    } finally {
      this.#round = outer;
    }
    out += round.broken;
    if (round.finished) return this.#text(out);
    // as Jinja has it: also where every round ended in break or continue
    return this.#text(
      out + pythonText(this.#block(node.defaultBlock as Block, new Environment(scope))),
    );
  }

  #binary(node: Fields, scope: Environment): TemplateValue {
    const operator = (node.operator as { value: string }).value;
    if (operator === "and" || operator === "or") return this.#plain(node, scope);
    const left = this.evaluate(node.left as Node, scope);
    const right = this.evaluate(node.right as Node, scope);
    if (operator === "~") { // 0.5 refuses none and prints lists without brackets
      return this.#text(pythonText(left) + pythonText(right));
    }
    if (operator === "==" || operator === "!=") { // 0.5 compares with JavaScript's ==
      return this.#bool(equal(left, right) === (operator === "=="));
    }
    if (operator === "+" && isText(left) !== isText(right)) { // 0.5 turns lists and numbers into text
      throw new Error(`it adds ${kind(left)} and ${kind(right)}`);
    }
    if (operator === "in" || operator === "not in") {
      if (isText(left) && isText(right)) this.#meter.chargeSearch(left.value, right.value);
      if (isContainer(right) && Array.isArray(right.value)) {
        this.#meter.charge(right.value.length >> 2);
        const found = right.value.some((entry) => equal(entry, left));
        return this.#bool(found === (operator === "in"));
      }
    }
    return this.#plain({ ...node, left: given(left), right: given(right) }, scope);
  }

  #member(node: Fields, scope: Environment): TemplateValue {
    const object = this.evaluate(node.object as Node, scope);
    const name = node.computed ? undefined : (node.property as { value?: unknown }).value;
    if (object.type === "UndefinedValue") { // 0.5 goes on with undefined
      throw new Error(`it looks up ${String(name ?? "an entry")} of something undefined`);
    }
    const isDict = isContainer(object) && object.value instanceof Map &&
      object.type !== "NamespaceValue";
    if (isDict && typeof name === "string" && DICT_METHODS.has(name)) {
      const method = object.builtins.get(name); // a.items is the method even where "items" is a key
      if (method) return method as TemplateValue;
    }
    if (isText(object) && typeof name === "string") {
      const method = this.#textMethod(object.value, name);
      if (method) return new Environment().set("method", method) as TemplateValue;
    }
    return this.#plain({ ...node, object: given(object) }, scope);
  }

  /** String methods whose cost is to be charged first, or whose arguments 0.5 ignores. */
  #textMethod(text: string, name: string): ((...args: unknown[]) => unknown) | undefined {
    switch (name) {
      case "strip":
      case "lstrip":
      case "rstrip":
        return (characters) => stripText(text, name, characters);
      case "split":
        return (separator, limit) => {
          if (typeof separator === "string") this.#meter.chargeSearch(separator, text);
          return splitText(text, separator, limit);
        };
      case "replace":
        return (from, to, count) => this.#replace(text, from, to, count);
      case "capitalize":
        return () => capitalize(text);
    }
  }

  #replace(text: string, from: unknown, to: unknown, count: unknown): string {
    if (typeof from !== "string" || typeof to !== "string") {
      throw new Error("replace() takes two strings");
    }
    const limit = count instanceof Map ? count.get("count")?.value : count;
    this.#meter.chargeSearch(from, text);
    this.#meter.checkLength((text.length / Math.max(from.length, 1)) * (to.length - from.length));
    return replaceText(text, from, to, typeof limit === "number" ? limit : -1);
  }

  #filter(operand: TemplateValue, filter: unknown, scope: Environment): TemplateValue {
    const call = filter as Fields;
    const isCall = call.type === "CallExpression";
    const name = String(((isCall ? call.callee : call) as { value: unknown }).value);
    if (isContainer(operand)) {
      const length = operand.value instanceof Map ? operand.value.size : operand.value.length;
      this.#meter.charge(
        CHEAP.has(name) ? 0 : length * (name === "sort" || name === "dictsort" ? 16 : 1),
      );
    }
    const none = operand.type === "NullValue" || operand.type === "UndefinedValue";
    if (none && LAZY.has(name)) return this.#plain({ type: "ArrayLiteral", value: [] }, scope);
    const rest = () =>
      this.#plain({ type: "FilterExpression", operand: given(operand), filter: call }, scope);
    if (
      !["trim", "string", "join", "replace", "indent", "tojson", "length", "capitalize"].includes(
        name,
      )
    ) {
      return rest();
    }
    const [args, named] = isCall
      ? this.#inner.evaluateArguments(call.args as Node[], scope)
      : [[], new Map()] as Arguments;
    const ready = (): TemplateValue => {
      const keywords = [...named].map(([key, value]) => {
        return { type: "KeywordArgumentExpression", key: { value: key }, value: given(value) };
      });
      const again = isCall ? { ...call, args: [...args.map(given), ...keywords] } : call;
      return this.#plain(
        { type: "FilterExpression", operand: given(operand), filter: again },
        scope,
      );
    };
    switch (name) {
      case "trim":
        return this.#text(stripText(pythonText(operand), "strip", args[0]?.value));
      case "capitalize":
        return this.#text(capitalize(pythonText(operand)));
      case "string":
        return this.#text(pythonText(operand));
      case "length":
        return operand.type === "UndefinedValue"
          ? this.#plain({ type: "IntegerLiteral", value: 0 }, scope)
          : ready();
      case "join": {
        if (named.has("attribute") || args.length > 1) {
          throw new Error("join takes no attribute here");
        }
        if (!isContainer(operand) || !Array.isArray(operand.value)) return ready();
        const separator = args[0] ?? named.get("d");
        const between = separator === undefined ? "" : pythonText(separator);
        const parts = operand.value.map(pythonText);
        this.#meter.checkLength(parts.reduce((n, part) => n + part.length + between.length, 0));
        return this.#text(parts.join(between));
      }
      case "replace": {
        const count = args[2]?.value ?? named.get("count")?.value;
        return this.#text(
          this.#replace(pythonText(operand), args[0]?.value, args[1]?.value, count),
        );
      }
      case "indent": {
        const width = args[0] ?? named.get("width");
        const lines = isText(operand) ? operand.value.split("\n").length : 0;
        if (typeof width?.value === "number") this.#meter.checkLength(lines * width.value);
        return ready();
      }
      default: { // tojson
        const { value: indent } = named.get("indent") ?? { value: 0 };
        if (typeof indent === "number" && indent > 8) {
          throw new Error("tojson takes indent up to 8");
        }
        const separators = named.get("separators");
        if (separators && this.#meter.weight(separators, 0) > 64) {
          throw new Error("tojson takes short separators");
        }
        return ready();
      }
    }
  }
}

function given(value: TemplateValue): Given {
  return { type: "Given", given: value };
}

/** What to call a value in an error. */
function kind(value: TemplateValue): string {
  return value.type.replace(/Value$/, "").toLowerCase();
}

function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
}
