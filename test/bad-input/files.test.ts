import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import { checkSource, graphOf } from "../../src/driver/compile.js";
import { readSource } from "../../src/driver/sources.js";
import { root, unwrap } from "../support/model.js";

/** Files that import each other, or nothing, or themselves. */
const folder = mkdtempSync(join(tmpdir(), "lfc-imports-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Every message about a file, by whatever path it is named. */
const messages = (path: string): readonly string[] =>
  checkSource(unwrap(readSource(path))).diagnostics.map((d) => `${d.code} ${d.message}`);
const of = (name: string): readonly string[] => messages(join(folder, name));

/** The paths that lead to one file. */
const spellings = (name: string): readonly string[] => {
  const path = join(folder, name);
  const short = relative(process.cwd(), path);
  return [path, short, `${dirname(short)}/./${name}`, join(dirname(path), "..", path.split("/").at(-2) ?? "", name)];
};

const body = "fn f(x: f32[4]) -> f32[4] { x + x }\n";
const model = "model M(x: f32[4]) -> f32[4] { f(x) }\n";

describe("imports", () => {
  test("a file may import one that imports it back, by whatever path it is named", () => {
    write({
      "a.lf": 'lf 1\nimport "b.lf"\ndim A = 4\nmodel M(x: f32[A]) -> f32[A] { f(x) }\n',
      "b.lf":
        'lf 1\nimport "./c.lf"\nimport "../' +
        folder.split("/").at(-1) +
        '/a.lf" (A)\nfn f(x: f32[A]) -> f32[A] { g(x) }\n',
      "c.lf": 'lf 1\nimport "a.lf" (A as B)\nimport "b.lf" (f)\nfn g(x: f32[B]) -> f32[B] { x + x }\n',
    });
    for (const path of [...spellings("a.lf"), ...spellings("b.lf"), ...spellings("c.lf")])
      expect(messages(path), path).toEqual([]);
  });

  test("functions that call each other across files are a circle all the same", () => {
    write({
      "ping.lf":
        'lf 1\nimport "pong.lf" (g)\nfn f(x: f32[4]) -> f32[4] { g(x) }\nmodel M(x: f32[4]) -> f32[4] { f(x) }\n',
      "pong.lf": 'lf 1\nimport "ping.lf" (f)\nfn g(x: f32[4]) -> f32[4] { f(x) }\n',
    });
    expect(of("ping.lf")).toEqual([expect.stringMatching(/^LF0278 these call each other in a circle/)]);
  });

  test("dims that need each other across files are a circle too", () => {
    write({
      "d1.lf": 'lf 1\nimport "d2.lf" (B)\ndim A = B + 1\nmodel M(x: f32[A]) -> f32[A] { x }\n',
      "d2.lf": 'lf 1\nimport "d1.lf" (A)\ndim B = A + 1\n',
    });
    expect(of("d1.lf")).toEqual([expect.stringMatching(/^LF0233 the dim [AB] is defined by itself/)]);
  });

  test("a file that imports itself is told so, by whatever path", () => {
    write({
      "self.lf": `lf 1\nimport "self.lf"\n${body}${model}`,
      "self2.lf": `lf 1\nimport "./x/../self2.lf" (f as g)\n${body}${model}`,
      "self3.lf": `lf 1\nimport "${join(folder, "self3.lf")}"\n${body}${model}`,
    });
    for (const name of ["self.lf", "self2.lf", "self3.lf"])
      for (const path of spellings(name)) expect(messages(path)[0], path).toBe("LF0222 a file cannot import itself");
  });

  test("a file that is reached by two ways is one file", () => {
    write({
      "two.lf": `lf 1\nimport "lib/one.lf" (f)\nimport "lib/../lib/one.lf" (A)\nmodel M(x: f32[A]) -> f32[A] { f(x) }\n`,
      "lib/one.lf": "lf 1\ndim A = 4\nfn f(x: f32[A]) -> f32[A] { x }\n",
    });
    for (const path of spellings("two.lf")) expect(messages(path), path).toEqual([]);
  });

  test.each([
    ["", "there is no file ``"],
    [".", "there is no file `.`"],
    ["nowhere.lf", "there is no file `nowhere.lf`"],
    ["lib", "there is no file `lib`"],
    ["nowhere/a.lf", "there is no file `nowhere/a.lf`"],
    ["std/", "there is no file `std/`"],
    ["std/nothing.lf", "there is no file `std/nothing.lf`"],
    ["std/../../../../../etc/passwd", "there is no file `std/../../../../../etc/passwd`"],
    ["http://example.org/a.lf", "there is no file `http://example.org/a.lf`"],
    ["a.lf\\\\", "there is no file `a.lf\\`"],
    ["bytes.lf", "there is no file `bytes.lf`"],
    [`${"x".repeat(5000)}.lf`, /^there is no file `x+…`$/],
  ] as const)("a missing file: %s", (path, message) => {
    write({ "missing.lf": `lf 1\nimport "${path}"\n${body}${model}`, "lib/one.lf": "lf 1\n" });
    write({ "bytes.lf": new Uint8Array([0xff, 0xfe, 0x00, 0x80]) });
    const found = of("missing.lf");
    expect(found).toHaveLength(1);
    const text = found[0]?.replace(/^LF0221 /, "") ?? "";
    if (typeof message === "string") expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  test("mistakes of an imported file are shown in that file, once", () => {
    write({
      "good.lf": `lf 1\nimport "wrong.lf"\nimport "wrong.lf" (f as h)\n${model}`,
      "wrong.lf": "lf 1\nfn f(x: f32[4]) -> f32[4] { x + }\n",
      "unsound.lf": `lf 1\nimport "mistaken.lf"\n${model}`,
      "mistaken.lf": "lf 1\nfn f(x: f32[4]) -> f32[4] { x + y }\n",
    });
    expect(of("good.lf")).toEqual([expect.stringMatching(/^LF0137/)]);
    const found = checkSource(unwrap(readSource(join(folder, "unsound.lf")))).diagnostics;
    expect(found.map((d) => d.span?.file.path)).toEqual([join(folder, "mistaken.lf")]);
  });

  test("a thousand files in a row, each importing the next", () => {
    const files: Record<string, string> = { "chain/0.lf": "lf 1\nfn g0(x: f32[4]) -> f32[4] { x }\n" };
    for (let i = 1; i <= 1000; i++)
      files[`chain/${i}.lf`] = `lf 1\nimport "${i - 1}.lf"\nfn g${i}(x: f32[4]) -> f32[4] { x + x }\n`;
    files["chain/all.lf"] = 'lf 1\nimport "1000.lf"\nmodel M(x: f32[4]) -> f32[4] { g1000(x) }\n';
    write(files);
    expect(of("chain/all.lf")).toEqual([]);
  });

  test("an import never reads a folder, a device or what is too large", () => {
    write({ "large.lf": `lf 1\nimport "big.lf"\n${model}`, "big.lf": `lf 1\n${" ".repeat(3 << 20)}` });
    expect(of("large.lf")).toEqual([expect.stringMatching(/^LF0103 the file is too large/)]);
  });
});

describe("sizes", () => {
  const refused = (text: string): readonly string[] => {
    const graph = graphOf({ path: "sizes.lf", text: `lf 1\n${text}\n` });
    return graph.ok ? [] : graph.error.map((d) => `${d.code} ${d.message}`);
  };
  const sentence = /^LF0\d{3} \S.*[^.]$/;

  test.each([
    // a product beyond 2^31 elements, 2^31 a size, 2^53 a number
    ["model M(x: f32[65536, 32768]) -> f32 { x[0, 0] }", /^LF0269/],
    ["model M(x: f32[65536, 32767]) -> f32 { x[0, 0] }", undefined],
    ["dim A = 46341\nmodel M(x: f32[A, A]) -> f32 { x[0, 0] }", /^LF0269/],
    ["dim A = 46340\nmodel M(x: f32[A, A]) -> f32 { x[0, 0] }", undefined],
    ["dim A = ? in 1..50000\nmodel M(x: f32[A, A]) -> f32 { x[0, 0] }", /^LF0269/],
    ["dim A = 100000\ndim B = A * A\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0231/],
    ["dim A = 2147483647\nmodel M(x: f32[4]) -> f32[4] { x }", undefined],
    ["dim A = 2147483648\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0231/],
    ["dim A = 2147483647 + 1\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0231/],
    ["dim A = 9007199254740991\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0231/],
    ["dim A = 9007199254740993\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0110/],
    ["dim A = 94906266 * 94906266 * 94906266\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0231/],
    ["dim A = 94906266 * 94906266 / 94906266\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0231/],
    ["dim A = 99999 * 99999 * 99999 - 99999 * 99999 * 99999 + 4\nmodel M(x: f32[A]) -> f32[A] { x }", undefined],
    ["model M(x: f32[4]) -> f32[4] { let t[a: 70000, b: 70000] = 0.0 return x }", /^LF0269/],
    ["model M(x: f32[4]) -> f32 { sum[a: 70000, b: 70000] f32(a) }", undefined],
    ["model M(x: f32[4]) -> f32[70000, 70000] { let t[a: 70000, b: 70000] = 0.0 return t }", /^LF0269/],
    ["model M(x: f32[4]) -> f32[4] { param w: f32[70000, 70000] return x }", /^LF0269/],
    ["dim K[h: 2] = [2147483647, 2147483647]\nmodel M(x: f32[h: 2, K[h]]) -> f32 { x[0, 0] }", /^LF0269/],
    // zero, negative, fractional, huge
    ["dim A = 0\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0230/],
    ["dim A = -1\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0125/],
    ["dim A = 3 - 4\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0230/],
    ["dim A = 1.5\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0232/],
    ["dim A = 1e300\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0231/],
    ["dim A = 1e400\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0110/],
    ["dim A = 1 / 0\nmodel M(x: f32[4]) -> f32[4] { x }", /^LF0228/],
    ["dim A = ? in 0..4\nmodel M(x: f32[A]) -> f32[A] { x }", /^LF0230/],
    ["dim A = ? in 1..4 step 0\nmodel M(x: f32[A]) -> f32[A] { x }", /^LF0230/],
    ["dim A = ? in 1..1e12\nmodel M(x: f32[A]) -> f32[A] { x }", /^LF0231/],
    ["model M(x: f32[0]) -> f32[4] { let y[i: 4] = 1.0 return y }", /^LF0230/],
    ["model M(x: f32[4]) -> f32[4] { repeat 0 (z = x) { z } }", /^LF0230/],
    ["model M(x: f32[4]) -> f32[4] { repeat 2147483647 (z = x) { z + x } }", /^LF0305/],
    ["model M(x: f32[4]) -> f32[4] { repeat 1.5 (z = x) { z } }", /^LF0232/],
    // literals in expressions
    ["model M(x: i32[4]) -> i32[4] { x + 2147483647 }", undefined],
    ["model M(x: i32[4]) -> i32[4] { x + 2147483648 }", /^LF0255/],
    ["model M(x: i32[4]) -> i32[4] { x + -2147483648 }", undefined],
    ["model M(x: u32[4]) -> u32[4] { x + 4294967295 }", undefined],
    ["model M(x: u32[4]) -> u32[4] { x + 4294967296 }", /^LF0255/],
    ["model M(x: u32[4]) -> u32[4] { x + -1 }", /^LF0255/],
    ["model M(x: f16[4]) -> f16[4] { x * 65504 }", undefined],
    ["model M(x: f16[4]) -> f16[4] { x * 65520 }", /^LF0255/],
    ["model M(x: f32[4]) -> f32[4] { x * 3.4e38 }", undefined],
    ["model M(x: f32[4]) -> f32[4] { x * 3.5e38 }", /^LF0255/],
    ["model M(x: f32[4]) -> f32[4] { x * 1e-300 }", undefined],
    ["model M(x: f32[4]) -> f32[4] { x[0..0] }", /^LF0230/],
    ["model M(x: f32[4]) -> f32[4] { x[3..1] }", /^LF0230/],
    ["model M(x: f32[4]) -> f32 { x[4] }", /^LF0207/],
    ["model M(x: f32[4]) -> f32 { x[9007199254740991] }", /^LF02/],
    ["model M(x: f32[4]) -> f32[4] { let y[n] = x[n * 0 + n % 4] return y }", /^LF0202/],
    ["model M(x: f32[4]) -> i32[4] { let y[n: 4] = n / 0 return y }", /^LF0228|^LF0253/],
    ["model M(x: f32[4]) -> i32[4] { let y[n: 4] = n % 0 return y }", /^LF0228|^LF0253/],
    ["model M(x: f32[4]) -> i32[4] { let y[n: 4] = n / (2 - 3) return y }", /^LF0228|^LF0253/],
  ] as const)("%s", (text, code) => {
    const found = refused(text);
    if (code === undefined) expect(found).toEqual([]);
    else {
      expect(found.length).toBeGreaterThan(0);
      for (const message of found) {
        expect(message).toMatch(code);
        expect(message).toMatch(sentence);
      }
    }
  });
});

describe("large files", () => {
  /** Milliseconds of processor time: a busy machine does not count. */
  const time = (run: () => void): number => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const source = (name: string): string => unwrap(readSource(join(root, "test/corpus/good", name))).text;

  /** A valid file of about `size` characters: functions as people write them, under ever new names. */
  function valid(size: number): string {
    const parts = ["lf 1\n", "dim Seq = 64\ndim Model = 32\n"];
    let length = 0;
    for (let i = 0; length < size; i++) {
      const part = `
/// Number ${i} of many.
fn head${i}<N, D, C, K>(x: f32[N, D], wq: f32[D, C], wk: f32[D, C], e: f32[K, N], keep: bool[N]) -> f32[N, C] {
  let q[n, c]    = sum[d] x[n, d] * wq[d, c]
  let keys[k, c] = sum[n where keep[n], d] e[k, n] * x[n, d] * wk[d, c]  // a product of three
  let p[n, k]    = softmax[k] (sum[c] q[n, c] * keys[k, c]) / sqrt(C)
  let o[n, c]    = sum[k] p[n, k] * keys[k, c]
  return o
}
fn call${i}<N, D>(x: f32[N, D], w: f32[D, D], e: f32[8, N], keep: bool[N]) -> f32[N, D] {
  let y[n: N, d: D] = if n > 0 then x[n - 1, d] else 0
  return ${i === 0 ? "y" : `call${i - 1}(y, w, e, keep)`} + head${i}(x, w, w, e, keep)
}
`;
      parts.push(part);
      length += part.length;
    }
    parts.push("model M(x: f32[Seq, Model]) -> f32[Seq, Model] { x }\n");
    return parts.join("");
  }

  test("a mebibyte checks in about a second, in time linear to its length", () => {
    const run = (size: number): number => {
      const file = { path: "large.lf", text: valid(size) };
      return Math.min(
        ...[0, 1].map(() =>
          time(() => {
            const { diagnostics } = checkSource(file);
            expect(renderDiagnostics(diagnostics)).toBe("");
          }),
        ),
      );
    };
    run(1 << 16);
    const small = run(1 << 18);
    const large = run((1 << 20) - (1 << 12));
    console.log(`checked 256 KiB in ${Math.round(small)} ms, 1 MiB in ${Math.round(large)} ms of processor time`);
    expect(large / small).toBeLessThan(8); // 4 times the length
    expect(large).toBeLessThan(6000);
  });

  test("2 MiB are read, one character more is refused in a sentence", () => {
    const limit = 2 * 1024 * 1024;
    const fill = (length: number): string => {
      const text = `lf 1\n${body}${model}`;
      return text + "/".repeat(2) + " ".repeat(length - text.length - 2);
    };
    expect(checkSource({ path: "full.lf", text: fill(limit) }).diagnostics).toEqual([]);
    const [found, ...others] = checkSource({ path: "over.lf", text: fill(limit + 1) }).diagnostics;
    expect(others).toEqual([]);
    expect(found?.code).toBe("LF0103");
    expect(found?.message).toMatch(/^the file is too large: 2097153 characters, at most 2097152 are read$/);
  });

  test("100,000 brackets are refused, at once", () => {
    const deep = `lf 1\nmodel M(x: f32[4]) -> f32[4] { return ${"(".repeat(100_000)}x${")".repeat(100_000)} }\n`;
    let codes: readonly string[] = [];
    expect(
      time(() => {
        codes = checkSource({ path: "deep.lf", text: deep }).diagnostics.map((d) => d.code);
      }),
    ).toBeLessThan(2000);
    expect(codes).toEqual(["LF0114"]);
  });

  test("many of everything in one body: statements, indices, arguments, subscripts, generics", () => {
    const n = 2000;
    const many = (f: (i: number) => string, by: string): string => Array.from({ length: n }, (_, i) => f(i)).join(by);
    const texts = {
      statements: `model M(x: f32[4]) -> f32[4] {\nlet y0 = x\n${many((i) => `let y${i + 1} = y${i} + x`, "\n")}\nreturn y${n}\n}`,
      inputs: `model M(${many((i) => `x${i}: f32[4]`, ", ")}) -> f32[4] { ${many((i) => `x${i}`, " + ")} }`,
      dims: `${many((i) => `dim A${i} = ${i === 0 ? "4" : `A${i - 1}`}`, "\n")}\nmodel M(x: f32[A${n - 1}]) -> f32[A0] { x }`,
      functions: `${many((i) => `fn g${i}(x: f32[4]) -> f32[4] { x }`, "\n")}\nmodel M(x: f32[4]) -> f32[4] { ${many((i) => `g${i}(x)`, " + ")} }`,
      reductions: `model M(x: f32[4]) -> f32 { ${many(() => "(sum[i] x[i])", " + ")} }`,
      generics: `fn f<${many((i) => `N${i}`, ", ")}>(${many((i) => `x${i}: f32[N${i}]`, ", ")}) -> f32[N0] { x0 }\nmodel M(x: f32[4]) -> f32[4] { f(${many(() => "x", ", ")}) }`,
      entries: `dim H = ${n}\ndim T[h: H] = [${many((i) => String((i % 7) + 1), ", ")}]\nmodel M(x: f32[4]) -> f32[4] { x }`,
    };
    for (const [kind, text] of Object.entries(texts)) {
      let found: readonly string[] = [];
      const took = time(() => {
        const graph = graphOf({ path: `${kind}.lf`, text: `lf 1\n${text}\n` });
        found = graph.ok ? [] : graph.error.map((d) => `${d.code} ${d.message}`);
      });
      expect(found, kind).toEqual([]);
      expect(took, kind).toBeLessThan(3000);
    }
  });

  test("the corpus, each file 50 times over in one text, checks", () => {
    const text = source("blocks.lf").replace(/^lf 1$/m, "");
    const renamed = Array.from({ length: 50 }, (_, i) => text.replace(/\b(fn|block) (\w+)/g, `$1 $2_${i}`));
    const names = [...text.matchAll(/\b(?:fn|block) (\w+)/g)].map((m) => m[1] ?? "");
    const whole = renamed
      .map((t, i) => names.reduce((s, name) => s.replace(new RegExp(`\\b${name}\\(`, "g"), `${name}_${i}(`), t))
      .join("\n");
    expect(renderDiagnostics(checkSource({ path: "many.lf", text: `lf 1\n${whole}` }).diagnostics)).toBe("");
  });
});
