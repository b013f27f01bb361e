import { describe, expect, test } from "vitest";
import { resolveBackend } from "../../src/driver/backends.js";
import { checkSource, lower } from "../../src/driver/compile.js";
import { runReference } from "../../src/driver/machine.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { testDevice, validateWgsl } from "../support/dawn.js";
import { graphOfText, lowerFor, randomRun, unwrap } from "../support/model.js";
import { hostileNames, lookAlikes, someHostileNames } from "./hostile.js";

/**
 * Names that mean something elsewhere, in every place where a name can stand: each compiles right for every machine and
 * gives right numbers, or is refused in a sentence.
 */
interface Place {
  readonly place: string;
  /** A program in which all of these names stand there, each in work of its own. */
  readonly program: (names: readonly string[]) => string;
}

const sum = (terms: readonly string[]): string => terms.join(" + ");
const each = (names: readonly string[], f: (name: string, i: number) => string): string => names.map(f).join("\n");

const places: readonly Place[] = [
  {
    place: "an input",
    program: (n) => `model Main(${n.map((x) => `${x}: f32[Q]`).join(", ")}) -> f32[Q] { ${sum(n)} }`,
  },
  {
    place: "a parameter",
    program: (n) => `model Main(zz: f32[Q]) -> f32[Q] {
${each(n, (x) => `param ${x}: f32[Q]`)}
return zz * (${sum(n)})
}`,
  },
  {
    place: "an output",
    program: (n) => `model Main(zz: f32[Q]) -> (${n.map((x) => `${x}: f32[Q]`).join(", ")}) {
return ${n.map((_, i) => `zz * ${i + 1}`).join(", ")}
}`,
  },
  {
    place: "a tensor",
    program: (n) => `model Main(zz: f32[Q, Q]) -> f32[Q] {
${each(n, (x, i) => `let ${x}[kk] = ${i % 3 === 0 ? "sum[jj] zz[jj, kk]" : i % 3 === 1 ? "softmax[kk] zz[0, kk]" : "max[jj] zz[kk, jj]"} * ${i + 1}`)}
return ${sum(n)}
}`,
  },
  {
    place: "an index",
    program: (n) => `model Main(zz: f32[Q, Q]) -> f32[Q] {
${each(n, (x, i) =>
  i % 3 === 0
    ? `let ss${i}[kk] = sum[${x}] zz[kk, ${x}] * f32(${x} + ${i})`
    : i % 3 === 1
      ? `let ss${i}[kk] = ${i} * max[${x} <= kk] zz[${x}, kk]`
      : `let ss${i}[${x}] = softmax[${x}] (zz[0, ${x}] * ${i})`,
)}
return ${sum(n.map((_, i) => `ss${i}`))}
}`,
  },
  {
    place: "a dim",
    program: (n) => `${each(n, (x, i) => `dim ${x} = ${(i % 5) + 2}`)}
model Main(${n.map((x, i) => `tt${i}: f32[${x}]`).join(", ")}) -> f32 {
return ${sum(n.map((_, i) => `(sum[kk] tt${i}[kk])`))}
}`,
  },
  {
    place: "a run-time dim",
    program: (n) => `${each(n, (x) => `dim ${x} = ? in 1..6`)}
model Main(${n.map((x, i) => `tt${i}: f32[${x}]`).join(", ")}) -> f32 {
${each(n, (x, i) => `let uu${i}[kk] = tt${i}[kk] / ${x}`)}
return ${sum(n.map((_, i) => `(sum[kk] uu${i}[kk])`))}
}`,
  },
  {
    place: "a table",
    program: (n) => `${each(n, (x) => `dim ${x}[hh: 2] = [3, 5]`)}
model Main(zz: f32[5]) -> f32[2] {
${each(n, (x, i) => `let uu${i}[hh: 2] = sum[kk: ${x}[hh]] zz[kk]`)}
return ${sum(n.map((_, i) => `uu${i}`))}
}`,
  },
  {
    place: "a function and its argument",
    program: (
      n,
    ) => `${each(n, (x, i) => `fn ${x}(vv: f32[Q]) -> f32[Q] { ${i + 1} * vv }\nfn ff${i}(${x}9: f32[Q]) -> f32[Q] { ${x}(${x}9) }`)}
model Main(zz: f32[Q]) -> f32[Q] { ${sum(n.map((x, i) => `${x}(ff${i}(zz))`))} }`,
  },
  {
    place: "a generic and a dim argument",
    program: (
      n,
    ) => `${each(n, (x, i) => `fn ff${i}<${x}>(vv: f32[${x}]) -> f32 { sum[kk] vv[kk] * ${x} }\nfn gg${i}(${x}: dim) -> f32 { 2.0 * ${x} }`)}
model Main(zz: f32[Q]) -> f32 { ${sum(n.map((_, i) => `ff${i}(zz) * gg${i}(3)`))} }`,
  },
  {
    place: "a block",
    program: (n) => `${each(n, (x) => `block ${x}(vv: f32[Q]) -> f32[Q] { param ww: f32[Q] return ww * vv }`)}
model Main(zz: f32[Q]) -> f32[Q] { ${sum(n.map((x) => `${x}(zz)`))} }`,
  },
  {
    place: "an instance",
    program: (n) => `block Bb(vv: f32[Q]) -> f32[Q] { param ww: f32[Q] return ww * vv }
model Main(zz: f32[Q]) -> f32[Q] {
${each(n, (x, i) => `param ${x}: Bb${i % 2 === 0 ? "" : "[ll: 2]"}`)}
return ${sum(n.map((x, i) => (i % 2 === 0 ? `${x}(zz)` : `${x}[1](zz)`)))}
}`,
  },
  {
    place: "a state and a counter",
    program: (n) => `model Main(zz: f32[Q]) -> f32[Q] {
${each(n, (x, i) => `let uu${i} = repeat 2 (${x} = zz) { 0.5 * ${x} }\nlet vv${i} = repeat ${x} in 2 (ss = zz) { ss * (1.0 + ${x}) }`)}
return ${sum(n.map((_, i) => `uu${i} * vv${i}`))}
}`,
  },
  {
    place: "a key of a checkpoint and a name of an axis",
    program: (n) => `model Main(zz: f32[Q]) -> f32[Q] {
${each(n, (x, i) => `param ww${i}: f32[${x}: Q] from "a.${x}" as "${x}"`)}
return ${sum(n.map((_, i) => `ww${i} * zz`))}
}`,
  },
];

const whole = (program: string): string => `lf 1\ndim Q = 4\n${program}\n`;
const refusals = (text: string): readonly string[] =>
  checkSource({ path: "names.lf", text }).diagnostics.map((d) => `${d.code} ${d.message}`);

const device = testDevice();

/** The first are some of each kind: enough for what takes long. */
const groups: readonly (readonly string[])[] = [someHostileNames, ...inGroups(hostileNames, 64)];

function inGroups(names: readonly string[], size: number): readonly (readonly string[])[] {
  const others = names.filter((name) => !someHostileNames.includes(name));
  return Array.from({ length: Math.ceil(others.length / size) }, (_, i) => others.slice(i * size, (i + 1) * size));
}

describe.each(places)("as $place", ({ program }) => {
  test("each can stand there by itself; `then` is a keyword", () => {
    for (const name of groups.flat()) expect(refusals(whole(program([name]))), name.slice(0, 40)).toEqual([]);
    expect(refusals(whole(program(["then"])))[0]).toMatch(/^LF0116 |^LF0137 /);
  });

  test.each(["js", "tfjs", "wgsl"])("on %s: files, validity, numbers", async (name) => {
    const backend = unwrap(await resolveBackend(name));
    const wgsl = name === "wgsl" ? await device() : undefined;
    for (const names of groups) {
      const graph = graphOfText(whole(program(names)));
      const { artifact } = unwrap(lower(graph, backend));
      separateFiles(artifact.files.map((f) => f.path));
      if (wgsl !== undefined) {
        for (const file of artifact.files)
          if (file.path.endsWith(".wgsl") && typeof file.text === "string")
            expect(await validateWgsl(wgsl, file.text), file.path).toEqual([]);
        if (names !== someHostileNames) continue; // each name a pipeline: valid is enough
      }
      const { inputs, params } = randomRun(graph, 3, new Map(names.map((x, i) => [x, (i % 6) + 1])));
      const executable = await backend.load?.(artifact, { params, ...(wgsl === undefined ? {} : { device: wgsl }) });
      if (executable === undefined) throw new Error(`${name} does not run`);
      const outputs = await executable.run(inputs);
      executable.dispose();
      const reference = runReference(graph, inputs, params);
      expect(Object.keys(outputs).sort()).toEqual(Object.keys(reference).sort());
      for (const [output, expected] of Object.entries(reference)) {
        const found = Object.hasOwn(outputs, output) ? outputs[output] : undefined;
        if (found === undefined) throw new Error(`the output ${output} is missing`);
        expect(compareToReference(expected, found), output).toMatchObject({ passed: true });
      }
    }
  });
});

/** Every system can keep these files apart. */
function separateFiles(paths: readonly string[]): void {
  expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length);
  for (const path of paths) {
    expect(path).toMatch(/^[\w.-]{1,120}$/);
    expect(path).not.toMatch(/^(con|nul|aux|prn|com\d|lpt\d)(\.|$)/i);
  }
}

test("a model of each name compiles", async () => {
  const text = whole(each(someHostileNames, (x) => `model ${x}(zz: f32[Q]) -> f32[Q] { 2 * zz }`));
  for (const model of someHostileNames) {
    const graph = graphOfText(text, { model });
    for (const backend of ["wgsl", "wasm", "tfjs", "js"])
      separateFiles((await lowerFor(graph, backend)).artifact.files.map((f) => f.path));
  }
});

test.each(lookAlikes)("the look-alike %s is refused in a sentence", (name) => {
  const found = checkSource({
    path: "a.lf",
    text: whole(`model Main(${name}: f32[Q]) -> f32[Q] { ${name} }`),
  }).diagnostics;
  expect(found.length).toBeGreaterThan(0);
  for (const d of found) expect(d.code).toBe("LF0105");
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
  "%s is unknown where nothing declares it",
  (name) => {
    expect(refusals(whole(`model Main(zz: f32[Q]) -> f32[Q] { zz + ${name} }`))).toEqual([
      `LF0217 there is no name called ${name} here`,
    ]);
    expect(refusals(whole(`model Main(zz: f32[Q]) -> f32[Q] { ${name}(zz) }`))).toEqual([
      `LF0217 there is no function called ${name} here`,
    ]);
    expect(refusals(whole(`model Main(zz: f32[${name}]) -> f32[Q] { let y[k: Q] = 1.0 return y }`))).toEqual([
      `LF0217 there is no size called ${name} here`,
    ]);
    expect(refusals(whole(`import "std/norm.lf" (${name})\nmodel Main(zz: f32[Q]) -> f32[Q] { ${name}(zz) }`))).toEqual(
      [`LF0223 \`std/norm.lf\` declares nothing called ${name}`],
    );
    expect(refusals(whole(`model Main(zz: f32[Q]) -> f32[Q] { param ww: f32[Q] = ${name} return ww }`))).toEqual([
      `LF0295 there is no initialiser called ${name}`,
    ]);
  },
);
