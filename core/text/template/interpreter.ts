// A Jinja interpreter that ends: what a template does is charged to a meter before it is done. The syntax tree and scopes
// are @huggingface/jinja's; blocks, loops, look-ups, operators, tests, filters and methods are Python's.
import { Environment, Interpreter } from "@huggingface/jinja";
import { flag } from "./filter_arguments.ts";
import { applyFilter, isFilter } from "./filters.ts";
import { GROUPS } from "./list_filters.ts";
import { make } from "./make.ts";
import { TemplateBudgetError, type TemplateLimits, TemplateMeter } from "./meter.ts";
import { methodOf } from "./methods.ts";
import { isTest, operate, passes, signed } from "./operators.ts";
import { BRACKETS, NOT_TEST, TEST } from "./tokens.ts";
import { isContainer, isText, itemsOf, kindOf, pythonText, type TemplateValue } from "./values.ts";
import { attributeOf, entryOf, sliced } from "./lookup.ts";
import { loopVariable } from "./loop_variable.ts";

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
const COMPARISONS = new Set(["==", "!=", "<", ">", "<=", ">=", "in", "not in"]);
const SILENT = new Set(["Set", "Macro", "Comment"]); // statements that print nothing

/** `break` or `continue` on its way to its loop, with what was printed before it. */
class LoopControl extends Error {
  text = "";
  constructor(readonly breaks: boolean) {
    super(`${breaks ? "break" : "continue"} stands in no loop`);
  }
}

/** Runs a parsed template once within `limits`. */
export class TemplateInterpreter extends Interpreter {
  readonly #meter: TemplateMeter;
  readonly #inner: Inner;
  #depth = 0;

  constructor(environment: Environment, limits: TemplateLimits) {
    super(environment);
    this.#meter = new TemplateMeter(limits);
    this.#inner = this as unknown as Inner;
    this.#inner.evaluateBlock = (statements, scope) => this.#block(statements, scope);
  }

  override evaluate(node: Node | undefined, scope: Environment): TemplateValue {
    if (node === undefined) return make.undefined;
    if (node.type as string === "Given") return (node as unknown as Given).given;
    this.#meter.charge(1);
    if (++this.#depth > MAX_DEPTH) {
      throw new TemplateBudgetError(`it nests calls and expressions more than ${MAX_DEPTH} deep`);
    }
    try {
      return this.#meter.weighed(this.#step(node as unknown as Fields, scope));
    } finally {
      this.#depth--;
    }
  }

  #step(node: Fields, scope: Environment): TemplateValue {
    switch (node.type) {
      case "BinaryExpression":
        return this.#binary(node, scope);
      case "UnaryExpression": {
        const { value: sign } = node.operator as { value: string };
        if (sign === "not") return this.#plain(node, scope);
        return signed(sign, this.evaluate(node.argument as Node, scope));
      }
      case "IntegerLiteral":
        return make.integer(Number(node.value));
      case "Identifier": {
        const value = this.#plain(node, scope);
        return node.value === "varargs" && value.type === "ArrayValue"
          ? make.tuple(itemsOf(value))
          : value;
      }
      case "For":
        return this.#loop(node, scope);
      case "Break":
      case "Continue":
        throw new LoopControl(node.type === "Break");
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
        return make.bool(this.#passes(operand, value, []) !== Boolean(node.negate));
      }
      default:
        return this.#plain(node, scope);
    }
  }

  #plain(node: Fields, scope: Environment): TemplateValue {
    return super.evaluate(node as unknown as Node, scope);
  }

  #passes(value: TemplateValue, name: string, args: readonly TemplateValue[]): boolean {
    if (name === "filter") return isText(value) && isFilter(value.value);
    if (name === "test") return isText(value) && isTest(value.value);
    return passes(value, name, args, this.#meter);
  }

  /** Statements one after another; difference to 0.5: None prints "None". */
  #block(statements: Block, scope: Environment): TemplateValue {
    this.#meter.charge(1);
    let out = "";
    for (const statement of statements) {
      try {
        const value = this.evaluate(statement, scope);
        if (!SILENT.has(statement.type)) out += pythonText(value);
        this.#meter.checkLength(out.length);
      } catch (control) {
        if (control instanceof LoopControl) control.text = out + control.text;
        throw control;
      }
    }
    return make.text(out);
  }

  #loop(node: Fields, scope: Environment): TemplateValue {
    const iterable = node.iterable as unknown as Fields;
    const test = iterable.type === "SelectExpression" ? iterable.test as Node : undefined;
    const list = this.evaluate((test ? iterable.lhs : iterable) as Node, scope);
    const size = isContainer(list)
      ? list.value instanceof Map ? list.value.size : list.value.length
      : isText(list)
      ? list.value.length
      : 0;
    this.#meter.charge(4 * size);
    const items = itemsOf(list).filter((item) => {
      if (test === undefined) return true;
      const round = new Environment(scope);
      this.#assign(node.loopvar as Fields, item, round);
      return flag(this.evaluate(test, round));
    });
    let out = "";
    let finished = false; // a round that ended in no break or continue: else `else` is run, as Jinja has it
    const changed: { last?: readonly TemplateValue[] } = {};
    for (let i = 0; i < items.length; i++) {
      const round = new Environment(scope); // what is set in a loop ends with the round
      round.setVariable("loop", loopVariable(items, i, changed));
      this.#assign(node.loopvar as Fields, items[i], round);
      try {
        out += pythonText(this.#block(node.body as Block, round));
        finished = true;
      } catch (control) {
        if (!(control instanceof LoopControl)) throw control;
        out += control.text;
        if (control.breaks) break;
      }
      this.#meter.checkLength(out.length);
    }
    if (finished) return make.text(out);
    return make.text(
      out + pythonText(this.#block(node.defaultBlock as Block, new Environment(scope))),
    );
  }

  #assign(target: Fields, value: TemplateValue, scope: Environment): void {
    if (target.type === "Identifier") {
      scope.setVariable(target.value as string, value as never);
      return;
    }
    if (target.type !== "TupleLiteral") throw new Error("a loop names no variable");
    const targets = target.value as Fields[];
    const items = itemsOf(value);
    if (items.length !== targets.length) {
      throw new Error(`a loop gives ${items.length} values to ${targets.length} names`);
    }
    targets.forEach((inner, i) => this.#assign(inner, items[i], scope));
  }

  #binary(node: Fields, scope: Environment): TemplateValue {
    const operator = (node.operator as { value: string }).value;
    if (operator === "and" || operator === "or") return this.#plain(node, scope);
    if (COMPARISONS.has(operator)) return this.#comparison(node, scope).holds;
    const left = this.evaluate(node.left as Node, scope);
    const right = this.evaluate(node.right as Node, scope);
    return operator === "~"
      ? make.text(pythonText(left) + pythonText(right))
      : operate(operator, left, right, this.#meter);
  }

  /** Python's chain: `a < b < c` is `a < b and b < c`; the last value goes on to the next comparison. */
  #comparison(node: Fields, scope: Environment): { holds: TemplateValue; last: TemplateValue } {
    const operatorOf = ({ operator }: Fields) => (operator as { value: string }).value;
    const inner = node.left as Fields;
    let left: TemplateValue;
    if (inner.type === "BinaryExpression" && COMPARISONS.has(operatorOf(inner))) {
      const before = this.#comparison(inner, scope);
      if (!flag(before.holds)) return before;
      left = before.last;
    } else {
      left = this.evaluate(inner as unknown as Node, scope);
    }
    const last = this.evaluate(node.right as Node, scope);
    return { holds: operate(operatorOf(node), left, last, this.#meter), last };
  }

  #member(node: Fields, scope: Environment): TemplateValue {
    const object = this.evaluate(node.object as Node, scope);
    const property = node.property as Fields;
    if (node.computed && property.type === "SliceExpression") {
      return this.#slice(object, property, scope);
    }
    const key = node.computed
      ? this.evaluate(property as unknown as Node, scope)
      : property.type === "Identifier"
      ? make.text(property.value as string)
      : make.integer(Number(property.value));
    if (object.type === "UndefinedValue" || object.type === "FunctionValue") {
      const what = object.type === "UndefinedValue" ? "something undefined" : "a function";
      throw new Error(`it looks up ${pythonText(key)} of ${what}`);
    }
    if (!node.computed && isText(key)) { // a.items is the method even where "items" is a key
      const method = methodOf(object, key.value, this.#meter);
      if (method) return method;
      const group = GROUPS.has(object) ? ["grouper", "list"].indexOf(key.value) : -1;
      if (group >= 0) return itemsOf(object)[group];
    }
    const found = entryOf(object, key, this.#meter);
    if (found.type !== "UndefinedValue" || !isText(key)) return found;
    return methodOf(object, key.value, this.#meter) ?? make.undefined;
  }

  #slice(object: TemplateValue, bounds: Fields, scope: Environment): TemplateValue {
    const list = isContainer(object) && Array.isArray(object.value);
    if (!isText(object) && !list) throw new Error(`it takes a part of ${kindOf(object)}`);
    const [start, stop, step] = ["start", "stop", "step"].map((name) => {
      const value = this.evaluate(bounds[name] as Node | undefined, scope);
      if (value.type === "UndefinedValue" || value.type === "NullValue") return undefined;
      if (value.type === "IntegerValue") return Number(value.value);
      throw new Error(`it takes a part that is bounded by ${kindOf(value)}`);
    });
    const items = itemsOf(object);
    this.#meter.charge(items.length >> 4);
    const part = sliced(items, start, stop, step ?? 1);
    if (isText(object)) return make.text(part.map(pythonText).join(""));
    return object.type === "TupleValue" ? make.tuple(part) : make.list(part);
  }

  #filter(operand: TemplateValue, filter: unknown, scope: Environment): TemplateValue {
    const call = filter as Fields;
    const isCall = call.type === "CallExpression";
    const name = String(((isCall ? call.callee : call) as { value: unknown }).value);
    const [args, named] = isCall
      ? this.#inner.evaluateArguments(call.args as Node[], scope)
      : [[], new Map()] as Arguments;
    if (name === BRACKETS) return operand;
    if (name.startsWith(TEST)) {
      return make.bool(this.#passes(operand, name.slice(TEST.length), args));
    }
    if (name.startsWith(NOT_TEST)) {
      return make.bool(!this.#passes(operand, name.slice(NOT_TEST.length), args));
    }
    return this.#apply(operand, name, args, named);
  }

  #apply(
    operand: TemplateValue,
    name: string,
    args: readonly TemplateValue[],
    named: ReadonlyMap<string, TemplateValue>,
  ): TemplateValue {
    return applyFilter(operand, name, {
      ...{ args, named, meter: this.#meter },
      at: (...names) => names.map((key, i) => args[i] ?? named.get(key)),
      attributeOf: (item, path) => attributeOf(item, path, this.#meter),
      apply: (value, inner, rest) => this.#apply(value, inner, rest, new Map()),
    });
  }
}
