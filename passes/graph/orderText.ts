import { bareFactor, everyFactor, hasPrivate, join, leaf, type Product, type Tree } from "./contractionOrder.js";

/**
 * An order as people write it: `(e·x)·wk`. A sum over one factor alone is `Σe`. `parseOrder` reads it back: parentheses
 * decide, otherwise from left to right; `*` will do for `·`.
 */
export function orderText(tree: Tree, names: readonly string[], inner = false): string {
  if (tree.kind === "factor") return names[tree.factor] ?? "?";
  const texts = tree.of.map((part) => orderText(part, names, true));
  if (texts.length === 1) return `Σ${texts[0]}`;
  return inner ? `(${texts.join("·")})` : texts.join("·");
}

/** A text as a tree of names; `sum`: a Σ stands before it. */
type Word = { readonly name: string; readonly sum: boolean } | { readonly of: readonly [Word, Word] };

/** Past this many ways of reading one name as several factors no more are looked at. */
const mostReadings = 720;

/**
 * The orders that a text can mean: several where factors have one name. None where the text is no order of this product;
 * then `why` says it.
 */
export function parseOrder(
  text: string,
  p: Product,
  names: readonly string[],
): { readonly trees: readonly Tree[]; readonly why?: string } {
  const word = parseWords(text);
  if (typeof word === "string") return { trees: [], why: word };
  const leaves: { readonly name: string; readonly sum: boolean }[] = [];
  const collect = (w: Word): void => {
    if ("name" in w) leaves.push(w);
    else w.of.forEach(collect);
  };
  collect(word);
  const count = (name: string, of: readonly string[]): number => of.filter((n) => n === name).length;
  const written = leaves.map((l) => l.name);
  for (const name of new Set([...written, ...names])) {
    const [is, was] = [count(name, names), count(name, written)];
    if (is === 0) return { trees: [], why: `it has no factor ${name}` };
    if (is !== was)
      return { trees: [], why: `${name} is ${is === 1 ? "one factor" : `${is} factors`} of it, not ${was}` };
  }
  const trees: Tree[] = [];
  const visit = (at: number, taken: readonly number[]): void => {
    if (trees.length >= mostReadings) return;
    const next = leaves[at];
    if (next === undefined) {
      trees.push(treeOf(word, p, [...taken]));
      return;
    }
    names.forEach((name, i) => {
      if (name === next.name && !taken.includes(i)) visit(at + 1, [...taken, i]);
    });
  };
  visit(0, []);
  return { trees };
}

/** The left side holds the first factor, as in every order of the search; so equal orders are equal trees. */
const joined = (a: Tree, b: Tree): Tree => ((a.part & -a.part) < (b.part & -b.part) ? join(a, b) : join(b, a));

/** Takes the factors of the leaves from `queue`, in the order of the text. */
function treeOf(word: Word, p: Product, queue: number[]): Tree {
  if ("name" in word) {
    const factor = queue.shift() ?? 0;
    const bare = bareFactor(factor);
    const sums = bare.part === everyFactor(p) || (word.sum && hasPrivate(p, factor));
    return sums ? leaf(p, factor) : bare;
  }
  const [left, right] = word.of;
  const a = treeOf(left, p, queue);
  return joined(a, treeOf(right, p, queue));
}

/** A message where the text is no order at all. */
function parseWords(text: string): Word | string {
  const tokens = text.match(/[()·*Σ]|[^\s()·*Σ]+/gu) ?? [];
  let at = 0;
  const term = (): Word | string => {
    const token = tokens[at++];
    if (token === undefined) return "it ends where a factor belongs";
    if (token === "(") {
      const inside = expression();
      if (typeof inside === "string") return inside;
      return tokens[at++] === ")" ? inside : "a ) is missing";
    }
    if (token === "Σ") {
      const name = tokens[at++];
      return name === undefined || /[()·*Σ]/u.test(name) ? "Σ stands before one factor" : { name, sum: true };
    }
    return /[)·*]/u.test(token) ? `${token} stands where a factor belongs` : { name: token, sum: false };
  };
  const expression = (): Word | string => {
    let left = term();
    while (typeof left !== "string" && (tokens[at] === "·" || tokens[at] === "*")) {
      at++;
      const right = term();
      if (typeof right === "string") return right;
      left = { of: [left, right] };
    }
    return left;
  };
  const whole = expression();
  if (typeof whole === "string") return whole;
  return at === tokens.length ? whole : `${tokens[at]} stands where · belongs`;
}
