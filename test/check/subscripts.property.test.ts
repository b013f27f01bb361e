import fc from "fast-check";
import { expect, test } from "vitest";
import { checkText } from "./support.js";

/**
 * I4 against enumeration: random subscripts with `+ - * / %` under random guards, over numbers and over sizes that a
 * call chooses. Whatever the checker accepts reads inside of its axis for every value of the indices at which the guard
 * holds.
 */
type Env = ReadonlyMap<string, number>;
interface Term {
  readonly text: string;
  readonly value: (env: Env) => number;
}

const name = (text: string): Term => ({ text, value: (env) => env.get(text) ?? Number.NaN });
const number = (n: number): Term => ({ text: String(n), value: () => n });
const mod = (a: number, b: number): number => a - b * Math.floor(a / b);

function subscripts(indices: readonly string[], sizes: readonly string[]): fc.Arbitrary<Term> {
  const constant: fc.Arbitrary<Term> = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 6 }).map(number) },
    ...sizes.map((s) => ({ weight: 1, arbitrary: fc.constant(name(s)) })),
  );
  const leaf = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...indices.map(name)) },
    { weight: 1, arbitrary: constant },
  );
  return fc.letrec<{ e: Term }>((tie) => {
    const e = tie("e");
    const binary = (op: string, right: fc.Arbitrary<Term>, value: (a: number, b: number) => number) =>
      fc.tuple(e, right).map(([a, b]) => ({
        text: `(${a.text} ${op} ${b.text})`,
        value: (env: Env) => value(a.value(env), b.value(env)),
      }));
    return {
      e: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        binary("+", e, (a, b) => a + b),
        binary("-", e, (a, b) => a - b),
        binary("*", constant, (a, b) => a * b),
        binary("/", constant, (a, b) => Math.floor(a / b)),
        binary("%", constant, mod),
      ),
    };
  }).e;
}

const comparisons: readonly (readonly [string, (a: number, b: number) => boolean])[] = [
  ["<", (a, b) => a < b],
  ["<=", (a, b) => a <= b],
  [">", (a, b) => a > b],
  [">=", (a, b) => a >= b],
  ["==", (a, b) => a === b],
  ["!=", (a, b) => a !== b],
];

interface Guard {
  readonly text: string;
  readonly holds: (env: Env) => boolean;
}

function guards(indices: readonly string[], sizes: readonly string[]): fc.Arbitrary<Guard> {
  const side = subscripts(indices, sizes);
  const single = fc
    .tuple(side, fc.constantFrom(...comparisons), fc.oneof(side, fc.integer({ min: 0, max: 9 }).map(number)))
    .map(
      ([a, [op, holds], b]): Guard => ({
        text: `${a.text} ${op} ${b.text}`,
        holds: (env) => holds(a.value(env), b.value(env)),
      }),
    );
  const all = fc
    .tuple(single, single)
    .map(([a, b]): Guard => ({ text: `${a.text} and ${b.text}`, holds: (env) => a.holds(env) && b.holds(env) }));
  return fc.oneof({ weight: 2, arbitrary: single }, { weight: 1, arbitrary: all });
}

function everyIndex(
  extents: readonly (readonly [string, number])[],
  visit: (env: Map<string, number>) => void,
  env = new Map<string, number>(),
): void {
  const [first, ...rest] = extents;
  if (first === undefined) {
    visit(env);
    return;
  }
  for (let i = 0; i < first[1]; i++) everyIndex(rest, visit, new Map(env).set(first[0], i));
}

/** The values of a subscript at which the guard holds (`then`) or does not (`else`), that lie outside of the axis. */
function outside(
  sub: Term,
  guard: Guard | undefined,
  branch: "then" | "else",
  extents: readonly (readonly [string, number])[],
  axis: number,
  sizes: Env,
): number[] {
  const wrong: number[] = [];
  everyIndex(extents, (env) => {
    const all = new Map([...env, ...sizes]);
    if (guard !== undefined && guard.holds(all) !== (branch === "then")) return;
    const at = sub.value(all);
    if (!(at >= 0 && at < axis)) wrong.push(at);
  });
  return wrong;
}

const count = { accepted: 0, guarded: 0, refusedInRange: 0 };

test("numbers: none that is accepted leaves its axis", { timeout: 120_000 }, () => {
  const indices = ["i", "j"];
  fc.assert(
    fc.property(
      subscripts(indices, []),
      fc.option(guards(indices, []), { nil: undefined }),
      fc.constantFrom("then" as const, "else" as const),
      fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 24 })),
      (sub, guard, branch, [a, b, axis]) => {
        const read = `x[${sub.text}]`;
        const value =
          guard === undefined
            ? read
            : `if ${guard.text} then ${branch === "then" ? read : 0} else ${branch === "then" ? 0 : read}`;
        const checked = checkText(
          `fn f(x: f32[${axis}]) -> f32[${a}, ${b}] { let y[i: ${a}, j: ${b}] = ${value} return y }`,
        );
        const extents = [
          ["i", a],
          ["j", b],
        ] as const;
        const wrong = outside(sub, guard, branch, extents, axis, new Map());
        if (checked.program === undefined) {
          if (wrong.length === 0) count.refusedInRange++;
          return;
        }
        count.accepted++;
        if (outside(sub, undefined, branch, extents, axis, new Map()).length > 0) {
          count.guarded++;
          expect(checked.program.guarded.size).toBe(1); // it is clamped where the condition does not hold
        }
        expect(wrong).toEqual([]);
      },
    ),
    { numRuns: 1000 },
  );
  expect(count.accepted).toBeGreaterThan(50);
  expect(count.guarded).toBeGreaterThan(0);
});

test("sizes of a call: what is accepted with them stays inside", { timeout: 120_000 }, () => {
  const indices = ["i", "j"];
  let accepted = 0;
  fc.assert(
    fc.property(
      subscripts(indices, ["N", "K"]),
      fc.option(guards(indices, ["K"]), { nil: undefined }),
      fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 6 })),
      fc.boolean(),
      (sub, guard, [b, n, k], named) => {
        const value = guard === undefined ? `x[${sub.text}]` : `if ${guard.text} then x[${sub.text}] else 0`;
        const checked = checkText(`${named ? `dim A = ${n}\ndim B = ${k}` : ""}
fn f<N>(x: f32[N], K: dim) -> f32[K, ${b}] { let y[i: K, j: ${b}] = ${value} return y }
model M(x: f32[${named ? "A" : n}]) -> f32[${named ? "B" : k}, ${b}] { return f(x, ${named ? "B" : k}) }`);
        if (checked.program === undefined) return;
        accepted++;
        const wrong = outside(
          sub,
          guard,
          "then",
          [
            ["i", k],
            ["j", b],
          ],
          n,
          new Map([
            ["N", n],
            ["K", k],
          ]),
        );
        expect(wrong).toEqual([]);
      },
    ),
    { numRuns: 1000 },
  );
  expect(accepted).toBeGreaterThan(50);
});

test("run-time sizes: what is accepted stays inside for every length", { timeout: 120_000 }, () => {
  const indices = ["i", "j"];
  let accepted = 0;
  fc.assert(
    fc.property(
      subscripts(indices, ["S"]),
      fc.option(guards(indices, ["S"]), { nil: undefined }),
      fc.tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 6 }),
      ),
      (sub, guard, [least, more, step, b]) => {
        const lo = least * step;
        const hi = lo + more * step;
        const value = guard === undefined ? `x[${sub.text}]` : `if ${guard.text} then x[${sub.text}] else 0`;
        const checked = checkText(`dim S = ? in ${lo}..${hi} step ${step}
model M(x: f32[S]) -> f32[S, ${b}] { let y[i: S, j: ${b}] = ${value} return y }`);
        if (checked.program === undefined) return;
        accepted++;
        for (let s = lo; s <= hi; s += step) {
          expect(
            outside(
              sub,
              guard,
              "then",
              [
                ["i", s],
                ["j", b],
              ],
              s,
              new Map([["S", s]]),
            ),
          ).toEqual([]);
        }
      },
    ),
    { numRuns: 1000 },
  );
  expect(accepted).toBeGreaterThan(50);
});
