import { expect, test } from "vitest";
import { productSubjects } from "../../passes/graph/orderSubject.js";
import { graphOfText } from "../support/model.js";

const text = (seq: number): string => `lf 1
dim Seq = ${seq}
dim Model = 4
fn scores(x: f32[Seq, Model], w: f32[Model, Model]) -> f32[Seq, Seq] {
  let q[n, c] = sum[d] x[n, d] * w[d, c]
  let s[n, m] = sum[c] q[n, c] * x[m, c]
  return s
}
block Layer(x: f32[Seq, Model]) -> f32[Seq, Model] {
  param w, v: f32[Model, Model]
  let p = scores(x, w)
  let y[n, c] = (sum[m] p[n, m] * x[m, c]) * sum[d] x[n, d] * v[d, c]
  return y
}
model Names(x: f32[Seq, Model]) -> (out: f32[Seq, Model]) {
  let z = repeat 2 (h = x) { Layer(h) }
  let out = z
  return out
}
`;

test("a product is called as the source calls it, with the step of a repeat; a second of one statement has a number", () => {
  const subjects = [...productSubjects(graphOfText(text(6))).values()];
  expect(subjects).toEqual(["z.0.p.q", "z.0.p.s", "z.0.y", "z.0.y~2", "z.1.p.q", "z.1.p.s", "z.1.y", "z.1.y~2"]);
  expect(new Set(subjects).size).toBe(subjects.length);
});

test("other sizes, the same names", () => {
  const of = (seq: number): readonly string[] => [...productSubjects(graphOfText(text(seq))).values()];
  expect(of(9)).toEqual(of(6));
});
