/**
 * Random programs after the layered grammar of the specification (one function for each of its rules), as tokens and as
 * the tree they stand for. The parser reads operators as a flat list, so that agreement with this says that its levels
 * are those of the specification.
 */
export interface Piece {
  readonly tokens: readonly string[];
  readonly tree: unknown;
  /** Ends with a softmax that has no brackets: may not stand before `+` or `-`. */
  readonly soft?: boolean;
}

const names = ["x", "y", "w", "n", "m", "Seq", "D2", "_a", "step", "from", "as", "fixed", "lf"];
const numbers = ["0", "1", "17", "30_522", "0.5", "1e-5", "2.50e+3"];
const reductions = ["sum", "mean", "max", "min", "prod", "softmax", "argmax", "argmin"];
const dtypes = ["f32", "f16", "i32", "u32", "bool"];

/** `size` bounds, roughly, the nodes of one function. */
export function programGenerator(seed: number, size: number) {
  let fuel = size;
  const below = uniform(seed);
  const chance = (percent: number): boolean => below(100) < percent;
  /** Less and less, so that programs end. */
  const more = (percent: number): boolean => fuel-- > 0 && chance(percent);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const name = (): string => pick(names);
  const named = (text: string) => ({ text });

  const listOf = (item: () => Piece, separator: string, percent = 35): { tokens: string[]; trees: unknown[] } => {
    const first = item();
    const tokens = [...first.tokens];
    const trees = [first.tree];
    while (more(percent)) {
      const next = item();
      tokens.push(separator, ...next.tokens);
      trees.push(next.tree);
    }
    return { tokens, trees };
  };

  // Sizes

  function sizeExpr(): Piece {
    let left = sizeTerm();
    while (more(20)) {
      const op = pick(["+", "-"]);
      const right = sizeTerm();
      left = {
        tokens: [...left.tokens, op, ...right.tokens],
        tree: { kind: "binary", op, left: left.tree, right: right.tree },
      };
    }
    return left;
  }

  function sizeTerm(): Piece {
    let left = sizeAtom();
    while (more(20)) {
      const op = pick(["*", "/"]);
      const right = sizeAtom();
      left = {
        tokens: [...left.tokens, op, ...right.tokens],
        tree: { kind: "binary", op, left: left.tree, right: right.tree },
      };
    }
    return left;
  }

  function sizeAtom(): Piece {
    const own = name();
    if (more(10)) {
      const of = sizeExpr();
      return { tokens: [own, "[", ...of.tokens, "]"], tree: { kind: "entry", table: named(own), at: of.tree } };
    }
    if (more(10)) {
      const of = sizeExpr();
      return { tokens: [own, "(", ...of.tokens, ")"], tree: { kind: "round", fn: named(own), of: of.tree } };
    }
    if (more(15)) {
      const of = sizeExpr();
      return { tokens: ["(", ...of.tokens, ")"], tree: of.tree };
    }
    if (chance(50)) return { tokens: [own], tree: { kind: "name", name: named(own) } };
    const text = pick(numbers);
    return { tokens: [text], tree: { kind: "number", value: numberOf(text), text } };
  }

  // Expressions

  function expr(): Piece {
    if (more(12)) {
      const [cond, then, otherwise] = [expr(), expr(), expr()];
      return {
        tokens: ["if", ...cond.tokens, "then", ...then.tokens, "else", ...otherwise.tokens],
        // biome-ignore lint/suspicious/noThenProperty: a branch of the tree
        tree: { kind: "if", cond: cond.tree, then: then.tree, else: otherwise.tree },
      };
    }
    return flat("or", () => flat("and", not, 10), 10);
  }

  function flat(kind: "or" | "and", of: () => Piece, percent: number): Piece {
    const { tokens, trees } = listOf(of, kind, percent);
    return trees.length === 1 ? { tokens, tree: trees[0] } : { tokens, tree: { kind, operands: trees } };
  }

  function not(): Piece {
    if (!more(10)) return compare();
    const of = not();
    return { tokens: ["not", ...of.tokens], tree: { kind: "not", of: of.tree } };
  }

  function compare(): Piece {
    const first = sum();
    if (!more(15)) return first;
    const single = !more(30);
    const direction = pick([["<", "<="], [">", ">="], ...(single ? [["==", "!="]] : [])]);
    const operands = [first, sum(), ...(single ? [] : [sum()])];
    const ops = operands.slice(1).map(() => pick(direction));
    return {
      tokens: operands.flatMap((o, i) => (i === 0 ? o.tokens : [ops[i - 1] as string, ...o.tokens])),
      tree: { kind: "compare", operands: operands.map((o) => o.tree), ops },
    };
  }

  function sum(): Piece {
    const operands = [product()];
    while (more(25)) operands.push(product());
    const last = operands.at(-1) as Piece;
    if (operands.length === 1) return last;
    const safe = operands.map((o) => (o.soft && o !== last ? bracketed(o) : o));
    const signs = safe.map((_, i) => (i === 0 ? "+" : pick(["+", "-"])));
    return {
      tokens: safe.flatMap((o, i) => (i === 0 ? o.tokens : [signs[i] as string, ...o.tokens])),
      tree: { kind: "sum", operands: safe.map((o) => o.tree), signs },
      soft: last.soft ?? false,
    };
  }

  function bracketed(of: Piece): Piece {
    return { tokens: ["(", ...of.tokens, ")"], tree: { kind: "paren", of: of.tree } };
  }

  function product(): Piece {
    const operands: Piece[] = [];
    while (more(25)) operands.push(unary());
    operands.push(more(25) ? negated(reduction) : unary());
    const last = operands.at(-1) as Piece;
    if (operands.length === 1) return last;
    const ops = operands.map((_, i) => (i === 0 ? "*" : pick(["*", "/", "%"])));
    return {
      tokens: operands.flatMap((o, i) => (i === 0 ? o.tokens : [ops[i] as string, ...o.tokens])),
      tree: { kind: "product", operands: operands.map((o) => o.tree), ops },
      soft: last.soft ?? false,
    };
  }

  function negated(of: () => Piece): Piece {
    if (!more(15)) return of();
    const inner = negated(of);
    return { tokens: ["-", ...inner.tokens], tree: { kind: "neg", of: inner.tree }, soft: inner.soft ?? false };
  }

  const unary = (): Piece => negated(power);

  function power(): Piece {
    const base = postfix();
    if (!more(12)) return base;
    const exponent = negated(power);
    return {
      tokens: [...base.tokens, "^", ...exponent.tokens],
      tree: { kind: "power", base: base.tree, exponent: exponent.tree },
    };
  }

  function reduction(): Piece {
    const op = pick(reductions);
    const { tokens, trees } = listOf(binder, ",", 25);
    const of = product();
    return {
      tokens: [op, "[", ...tokens, "]", ...of.tokens],
      tree: { kind: "reduction", op, binders: trees, of: of.tree },
      soft: op === "softmax" || (of.soft ?? false),
    };
  }

  function binder(): Piece {
    const own = name();
    const index = named(own);
    const asExpr = { kind: "name", name: index };
    let bound: { tokens: readonly string[]; tree: object };
    const kind = more(50) ? pick(["size", "chain"]) : "bare";
    if (kind === "size") {
      const of = sizeExpr();
      bound = { tokens: [own, ":", ...of.tokens], tree: { index: { name: index, size: of.tree } } };
    } else if (kind === "chain") {
      const direction = pick([
        ["<", "<="],
        [">", ">="],
      ]);
      const ops = [pick(direction), pick(direction)];
      const [low, high] = [sum(), sum()];
      const two = chance(50);
      bound = two
        ? {
            tokens: [own, ops[0] as string, ...high.tokens],
            tree: { index: { name: index }, chain: { operands: [asExpr, high.tree], ops: [ops[0]], position: 0 } },
          }
        : {
            tokens: [...low.tokens, ops[0] as string, own, ops[1] as string, ...high.tokens],
            tree: { index: { name: index }, chain: { operands: [low.tree, asExpr, high.tree], ops, position: 1 } },
          };
    } else {
      bound = { tokens: [own], tree: { index: { name: index } } };
    }
    if (!more(20)) return bound;
    const where = expr();
    return { tokens: [...bound.tokens, "where", ...where.tokens], tree: { ...bound.tree, where: where.tree } };
  }

  function postfix(): Piece {
    let of = primary();
    while (more(25)) {
      const inner = of;
      if (chance(60)) {
        const { tokens, trees } = listOf(subscript, ",");
        of = {
          tokens: [...inner.tokens, "[", ...tokens, "]"],
          tree: { kind: "subscript", of: inner.tree, subs: trees },
        };
      } else {
        const { tokens, trees } = args(true);
        of = { tokens: [...inner.tokens, ...tokens], tree: { kind: "call", callee: inner.tree, args: trees } };
      }
    }
    return of;
  }

  function args(mayBeEmpty: boolean): { tokens: string[]; trees: unknown[] } {
    if (mayBeEmpty && chance(10)) return { tokens: ["(", ")"], trees: [] };
    const { tokens, trees } = listOf(expr, ",");
    return { tokens: ["(", ...tokens, ...(chance(10) ? [","] : []), ")"], trees };
  }

  function subscript(): Piece {
    if (chance(15)) return { tokens: [":"], tree: { kind: "all" } };
    const from = sum();
    if (!more(20)) return { tokens: from.tokens, tree: { kind: "at", expr: from.tree } };
    const to = sum();
    return { tokens: [...from.tokens, "..", ...to.tokens], tree: { kind: "slice", from: from.tree, to: to.tree } };
  }

  function primary(): Piece {
    if (more(10)) return bracketed(expr());
    if (more(5)) {
      const to = pick(dtypes);
      const of = expr();
      return { tokens: [to, "(", ...of.tokens, ")"], tree: { kind: "convert", to, of: of.tree } };
    }
    if (more(5)) {
      const fn = pick(["max", "min"]);
      const { tokens, trees } = args(false);
      const callee = { kind: "name", name: named(fn) };
      return { tokens: [fn, ...tokens], tree: { kind: "call", callee, args: trees } };
    }
    if (more(5)) {
      const own = name();
      const { tokens, trees } = args(false);
      const tree = { kind: "concat", index: { name: named(own) }, parts: trees };
      return { tokens: ["concat", "[", own, "]", ...tokens], tree };
    }
    if (more(5)) return repeat();
    if (chance(6)) {
      const value = chance(50);
      return { tokens: [String(value)], tree: { kind: "bool", value } };
    }
    if (chance(25)) {
      const text = pick(numbers);
      return {
        tokens: [text],
        tree: { kind: "number", value: numberOf(text), whole: /^[0-9_]+$/.test(text), text },
      };
    }
    const own = name();
    return { tokens: [own], tree: { kind: "name", name: named(own) } };
  }

  function repeat(): Piece {
    const counter = chance(50) ? name() : undefined;
    const number = chance(30);
    const count = number ? pick(["2", "12"]) : name();
    const { tokens, trees } = listOf(
      () => {
        const own = name();
        const init = expr();
        return { tokens: [own, "=", ...init.tokens], tree: { name: named(own), init: init.tree } };
      },
      ",",
      20,
    );
    const inside = body();
    return {
      tokens: ["repeat", ...(counter ? [counter, "in"] : []), count, "(", ...tokens, ")", ...inside.tokens],
      tree: {
        kind: "repeat",
        ...(counter ? { counter: named(counter) } : {}),
        count: number ? { kind: "number", value: numberOf(count), text: count } : { kind: "name", name: named(count) },
        states: trees,
        body: inside.tree,
      },
    };
  }

  // Statements

  function body(): Piece {
    if (chance(25)) {
      const of = expr();
      const stmts = [{ kind: "return", values: [of.tree], bare: true }];
      return { tokens: ["{", ...of.tokens, "}"], tree: { stmts } };
    }
    const stmts: Piece[] = [];
    while (more(50)) stmts.push(documented(statement));
    const { tokens, trees } = listOf(expr, ",", 15);
    return {
      tokens: ["{", ...stmts.flatMap((s) => s.tokens), "return", ...tokens, "}"],
      tree: { stmts: [...stmts.map((s) => s.tree), { kind: "return", values: trees, bare: false }] },
    };
  }

  /** A `///` line before it now and then. */
  function documented(of: () => Piece): Piece {
    const doc = chance(15) ? `says ${below(100)}` : "";
    const { tokens, tree } = of();
    const lines = doc === "" ? [] : [`/// ${doc}\n`];
    return { tokens: [...lines, ...tokens], tree: { ...(tree as object), doc } };
  }

  function statement(): Piece {
    if (more(15)) {
      const own = name();
      const of = sizeExpr();
      return { tokens: ["dim", own, "=", ...of.tokens], tree: { kind: "dim", name: named(own), size: of.tree } };
    }
    if (more(25)) return param();
    const { tokens, trees } = listOf(target, ",", 15);
    const value = expr();
    return {
      tokens: ["let", ...tokens, "=", ...value.tokens],
      tree: { kind: "let", targets: trees, value: value.tree },
    };
  }

  function param(): Piece {
    const own = listOf(() => leaf(name()), ",", 25);
    const of = type();
    const tokens = ["param", ...own.tokens, ":", ...of.tokens];
    const tree: Record<string, unknown> = { kind: "param", names: own.trees, type: of.tree };
    if (more(40)) {
      const fixed = chance(30);
      const init = pick(["zeros", "normal", "uniform"]);
      const values = chance(60) ? listOf(expr, ",", 30) : undefined;
      tokens.push("=", ...(fixed ? ["fixed"] : []), init, ...(values ? ["(", ...values.tokens, ")"] : []));
      tree.init = { fixed, name: named(init), args: values?.trees ?? [] };
    }
    if (more(30)) {
      tokens.push("from", '"layers.{l}.w"');
      tree.from = { text: "layers.{l}.w" };
    }
    if (more(30)) {
      tokens.push("as", '"(h c) \\"d\\" \\\\"');
      tree.layout = { text: '(h c) "d" \\' };
    }
    return { tokens, tree };
  }

  const leaf = (text: string): Piece => ({ tokens: [text], tree: named(text) });

  function target(): Piece {
    const own = name();
    if (chance(40)) return { tokens: [own], tree: { name: named(own), indices: [] } };
    const { tokens, trees } = listOf(() => {
      const index = name();
      if (!more(30)) return { tokens: [index], tree: { name: named(index) } };
      const of = sizeExpr();
      return { tokens: [index, ":", ...of.tokens], tree: { name: named(index), size: of.tree } };
    }, ",");
    return { tokens: [own, "[", ...tokens, "]"], tree: { name: named(own), indices: trees } };
  }

  function type(): Piece {
    if (chance(8)) return { tokens: ["dim"], tree: { head: { kind: "dim" }, axes: [] } };
    const block = chance(15);
    const head = block ? name() : pick(dtypes);
    const tree = block ? { kind: "block", name: named(head) } : { kind: "dtype", dtype: head };
    if (chance(25)) return { tokens: [head], tree: { head: tree, axes: [] } };
    const { tokens, trees } = listOf(() => {
      const own = chance(25) ? name() : undefined;
      const of = sizeExpr();
      return {
        tokens: own ? [own, ":", ...of.tokens] : of.tokens,
        tree: own ? { name: named(own), size: of.tree } : { size: of.tree },
      };
    }, ",");
    return { tokens: [head, "[", ...tokens, "]"], tree: { head: tree, axes: trees } };
  }

  // Declarations

  function importDecl(): Piece {
    const path = '"std/attention.lf"';
    if (chance(50)) return { tokens: ["import", path], tree: { path: "std/attention.lf" } };
    const { tokens, trees } = listOf(() => {
      const [own, as] = [name(), name()];
      if (chance(60)) return { tokens: [own], tree: { name: named(own) } };
      return { tokens: [own, "as", as], tree: { name: named(own), as: named(as) } };
    }, ",");
    return { tokens: ["import", path, "(", ...tokens, ")"], tree: { path: "std/attention.lf", names: trees } };
  }

  function dimDecl(): Piece {
    const own = name();
    if (chance(30)) {
      const [lo, hi] = [sizeExpr(), sizeExpr()];
      const step = chance(40) ? sizeExpr() : undefined;
      const tail = step ? ["step", ...step.tokens] : [];
      return {
        tokens: ["dim", own, "=", "?", "in", ...lo.tokens, "..", ...hi.tokens, ...tail],
        tree: {
          name: named(own),
          value: { kind: "runtime", lo: lo.tree, hi: hi.tree, ...(step ? { step: step.tree } : {}) },
        },
      };
    }
    if (chance(30)) {
      const index = name();
      const over = sizeExpr();
      const { tokens, trees } = listOf(sizeExpr, ",", 70);
      return {
        tokens: ["dim", own, "[", index, ":", ...over.tokens, "]", "=", "[", ...tokens, "]"],
        tree: {
          name: named(own),
          index: { name: named(index), over: over.tree },
          value: { kind: "table", entries: trees },
        },
      };
    }
    const of = sizeExpr();
    return {
      tokens: ["dim", own, "=", ...of.tokens],
      tree: { name: named(own), value: { kind: "size", size: of.tree } },
    };
  }

  function callable(): Piece {
    const kind = pick(["fn", "block", "model"]);
    const own = name();
    const generics = chance(40) ? listOf(() => leaf(name()), ",") : undefined;
    const formals = chance(85) ? listOf(formal, ",", 50) : undefined;
    const several = chance(20);
    const results = several ? listOf(result, ",") : undefined;
    const single = type();
    const inside = body();
    return {
      tokens: [
        ...[kind, own, ...(generics ? ["<", ...generics.tokens, ">"] : [])],
        ...["(", ...(formals?.tokens ?? []), ...(formals && chance(20) ? [","] : []), ")", "->"],
        ...(results ? ["(", ...results.tokens, ")"] : single.tokens),
        ...inside.tokens,
      ],
      tree: {
        kind,
        name: named(own),
        generics: generics?.trees ?? [],
        formals: (formals?.trees ?? []).flat(),
        results: results ? results.trees : [{ type: single.tree }],
        body: inside.tree,
      },
    };
  }

  function formal(): Piece {
    const own = listOf(() => leaf(name()), ",", 25);
    const of = type();
    return {
      tokens: [...own.tokens, ":", ...of.tokens],
      tree: own.trees.map((n) => ({ name: n, type: of.tree })),
    };
  }

  function result(): Piece {
    const own = name();
    const of = type();
    return { tokens: [own, ":", ...of.tokens], tree: { name: named(own), type: of.tree } };
  }

  function file(): Piece {
    const imports = Array.from({ length: below(3) }, importDecl);
    const dims = Array.from({ length: below(4) }, () => documented(dimDecl));
    const callables = Array.from({ length: below(3) }, () => {
      fuel += size;
      return documented(callable);
    });
    return {
      tokens: ["lf", "1", ...[...imports, ...dims, ...callables].flatMap((d) => d.tokens)],
      tree: {
        version: 1,
        imports: imports.map((d) => d.tree),
        dims: dims.map((d) => d.tree),
        callables: callables.map((d) => d.tree),
      },
    };
  }

  /** Tokens as a text, with random blanks, line breaks and (unless `plain`) comments between them. */
  function text(tokens: readonly string[], plain = false): string {
    let comments = 0;
    let out = "";
    tokens.forEach((token, i) => {
      const previous = tokens[i - 1] ?? "";
      const glue = "([{,".includes(previous) || ")]},([".includes(token);
      const how = below(plain ? 20 : 24);
      if (previous.endsWith("\n") || i === 0) out += "";
      else if (glue && how < 10) out += "";
      else if (how < 18) out += " ";
      else if (how < 20) out += pick(["\n", "\n\n", "  ", "\t", "\r\n"]);
      else if (how < 22) out += ` // c${++comments}\n`;
      else out += `\n// c${++comments}\n`;
      out += token.startsWith("///") && !out.endsWith("\n") ? `\n${token}` : token;
    });
    return `${out}${pick(["", "\n", plain ? "" : " // end"])}`;
  }

  return { expr, file, text };
}

function numberOf(text: string): number {
  return Number(text.replaceAll("_", ""));
}

/** Mulberry32: 32 bits of state, enough for tests, and the same everywhere. */
function uniform(seed: number): (n: number) => number {
  let state = seed | 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}
