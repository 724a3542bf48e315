// The budget of one rendering: steps, and the characters of every text and list that a template makes.
import { isContainer, isText, type TemplateValue } from "./values.ts";
import { Mistake } from "../../base/mistake.ts";

/** What a template may use before it is refused. */
export interface TemplateLimits {
  /** Steps: one an expression, more for long strings and lists. */
  readonly steps: number;
  /** Characters of any text it makes, the rendering included. */
  readonly characters: number;
}

/** A template that used up its budget. */
export class TemplateBudgetError extends Mistake {
  override readonly name = "TemplateBudgetError";

  /** @param found What it takes. */
  constructor(found: string) {
    super("model", { verb: "render", thing: "the template", found });
  }
}

const NODE_WEIGHT = 8; // what an entry of a container weighs beside its characters
const LEAST_WEIGHT = 4_194_304; // a list may be this heavy however little the template may print

/** Counts, and throws {@link TemplateBudgetError} where the budget ends. */
export class TemplateMeter {
  readonly #limits: TemplateLimits;
  #steps = 0;
  readonly #weights = new WeakMap<object, number>();
  readonly #sizes = new WeakMap<object, number>();
  #sawNamespace = false;

  constructor(limits: TemplateLimits) {
    this.#limits = limits;
  }

  charge(steps: number): void {
    this.#steps += steps;
    if (this.#steps > this.#limits.steps) {
      throw new TemplateBudgetError(`it takes more than ${this.#limits.steps} steps`);
    }
  }

  checkLength(characters: number): void {
    if (characters > this.#limits.characters) {
      throw new TemplateBudgetError(
        `it makes text of more than ${this.#limits.characters} characters`,
      );
    }
  }

  /** Charges for a value, and refuses one that is too large to print. */
  weighed(value: TemplateValue): TemplateValue {
    if (isText(value)) {
      this.checkLength(value.value.length);
      this.charge(value.value.length >> 6);
    } else if (isContainer(value)) {
      const known = this.#weights.has(value);
      this.#sawNamespace = false;
      const weight = this.weight(value, 0);
      this.charge(known ? 0 : weight >> 5);
    }
    return value;
  }

  /** Characters and entries, those that are shared as often as they would be printed. */
  weight(value: TemplateValue, depth: number): number {
    if (isText(value)) return NODE_WEIGHT + value.value.length;
    if (!isContainer(value)) return NODE_WEIGHT;
    const known = this.#weights.get(value);
    if (known !== undefined) return known;
    if (depth > 64) throw new TemplateBudgetError("it nests lists more than 64 deep");
    const namespace = value.type === "NamespaceValue";
    const outer = this.#sawNamespace;
    this.#sawNamespace = namespace;
    let weight = NODE_WEIGHT;
    const entries = value.value instanceof Map ? value.value : value.value.entries();
    for (const [key, entry] of entries) {
      weight += this.weight(entry, depth + 1) + (typeof key === "string" ? key.length : 0);
      const most = Math.max(4 * this.#limits.characters, LEAST_WEIGHT);
      if (weight > most) {
        throw new TemplateBudgetError(`it makes a list of more than ${most} characters`);
      }
    }
    if (!this.#sawNamespace) this.#weights.set(value, weight); // a namespace can still grow
    this.#sawNamespace ||= outer;
    return weight;
  }

  sizeOf(node: object): number {
    const known = this.#sizes.get(node);
    if (known !== undefined) return known;
    let size = 1;
    for (const child of node instanceof Map ? node.entries() : Object.values(node)) {
      if (typeof child === "object" && child !== null) size += this.sizeOf(child);
    }
    this.#sizes.set(node, size);
    return size;
  }

  chargeSearch(needle: string, hay: string): void {
    this.charge((needle.length * hay.length) / 256); // the worst case of a substring search
  }
}
