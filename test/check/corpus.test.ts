import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { accepted, checkPath, marked } from "./support.js";

const corpus = resolve(import.meta.dirname, "../corpus");
const files = (folder: string): string[] => readdirSync(resolve(corpus, folder)).filter((name) => name.endsWith(".lf"));

/** Where each program is refused: the code and the marked text. One mistake gives one message. */
const reasons: ReadonlyMap<string, readonly [code: string, marked: string]> = new Map([
  ["affine_does_not_infer", ["LF0202", "j"]],
  ["annotation_too_long", ["LF0204", "n"]],
  ["argument_count", ["LF0270", "add2(a, a, a)"]],
  ["bare_after_let", ["LF0134", "t"]],
  ["below_zero", ["LF0206", "n - 1"]],
  ["binder_not_first", ["LF0153", "n + 0"]],
  ["block_in_fn", ["LF0277", "B"]],
  ["broadcast", ["LF0249", "g"]],
  ["builtin_as_name", ["LF0216", "exp"]],
  ["causal_over_slots", ["LF0205", "k <= n"]],
  ["causal_over_slots_hidden", ["LF0205", "k - n"]],
  ["chain_directions", ["LF0155", ">"]],
  ["concat_length", ["LF0203", "concat[n](c[n, d], x[n, d])"]],
  ["concat_no_range", ["LF0210", "0.0"]],
  ["condition_not_bool", ["LF0248", "x[n, d]"]],
  ["empty_body", ["LF0131", "}"]],
  ["explicit_generics", ["LF0141", "f<Seq>"]],
  ["float_subscript", ["LF0260", "0.5"]],
  ["forgotten_index", ["LF0250", "g"]],
  ["fraction_dim", ["LF0232", "1.5"]],
  ["from_many", ["LF0296", '"w"']],
  ["from_placeholder", ["LF0297", '"layers.{l}.w"']],
  ["generic_clash", ["LF0272", "b"]],
  ["generic_not_found", ["LF0273", "N"]],
  ["generic_slice", ["LF0279", "head(b)"]],
  ["guard_too_weak", ["LF0206", "n - 1"]],
  ["import_clash", ["LF0225", "layer_norm"]],
  ["import_missing", ["LF0221", '"nowhere.lf"']],
  ["index_named_like_dim", ["LF0214", "Model"]],
  ["index_named_like_tensor", ["LF0214", "w"]],
  ["inexact_constant", ["LF0252", "1 / 2"]],
  ["initialiser", ["LF0295", "normal(0, 1)"]],
  ["instance_two_sizes", ["LF0289", "one(b)"]],
  ["integer_divisor", ["LF0253", "(d + 1)"]],
  ["keyword_as_name", ["LF0116", "sum"]],
  ["layer_by_index", ["LF0288", "i"]],
  ["layer_number", ["LF0288", "l + 1"]],
  ["layout_names", ["LF0299", '"(h c) e"']],
  ["layout_unnamed", ["LF0298", '"d n"']],
  ["let_twice", ["LF0214", "y"]],
  ["mask_length", ["LF0203", "m"]],
  ["mask_not_bool", ["LF0248", "mask[m]"]],
  ["mask_times", ["LF0247", "keep[m]"]],
  ["mean_of_indices", ["LF0254", "m"]],
  ["mixed_dtypes", ["LF0246", "n"]],
  ["negative_then_divide", ["LF0206", "(n - 3) / 2"]],
  ["no_header", ["LF0101", "model"]],
  ["no_range", ["LF0202", "n"]],
  ["no_return", ["LF0132", "}"]],
  ["not_divisible", ["LF0227", "Model / 5"]],
  ["number_dot", ["LF0108", "1."]],
  ["out_of_range", ["LF0207", "n + 1"]],
  ["param_in_fn", ["LF0292", "param w: f32[Seq]"]],
  ["partial_index_in_arithmetic", ["LF0250", "x[n]"]],
  ["pool_not_divisible", ["LF0227", "Seq / 63"]],
  ["power_of_index", ["LF0254", "n"]],
  ["ragged_parent_after", ["LF0211", "k"]],
  ["ragged_parent_shift", ["LF0263", "h / 2 + h % 2"]],
  ["range_clash", ["LF0203", "n"]],
  ["recursion", ["LF0278", "f(x)"]],
  ["repeat_changes_shape", ["LF0287", "g"]],
  ["repeat_run_time", ["LF0286", "Len"]],
  ["result_shape", ["LF0283", "y"]],
  ["result_transposed", ["LF0283", "y"]],
  ["return_does_not_infer", ["LF0202", "n"]],
  ["run_time_not_divisible", ["LF0227", "Len / 64"]],
  ["run_time_range_empty", ["LF0234", "10..5"]],
  ["run_time_unbound", ["LF0291", "M"]],
  ["same_number_other_dim", ["LF0203", "n"]],
  ["several_counts", ["LF0285", "a, b"]],
  ["several_results", ["LF0256", "f(x)"]],
  ["shadow_index", ["LF0215", "d"]],
  ["slice_run_time_too_long", ["LF0262", "0..Len"]],
  ["slice_too_long", ["LF0262", "0..Longer"]],
  ["slots_by_value", ["LF0205", "j"]],
  ["softmax_plus", ["LF0158", "softmax[d] x[n, d]"]],
  ["softmax_unkept", ["LF0208", "d"]],
  ["sum_of_row", ["LF0264", "x[n]"]],
  ["table_length", ["LF0236", "1, 2, 3"]],
  ["table_over_other_dim", ["LF0237", "l"]],
  ["too_many_subscripts", ["LF0259", "0"]],
  ["trailing_subscript", ["LF0140", "]"]],
  ["unbound_after_sum", ["LF0218", "d"]],
  ["unbound_index", ["LF0217", "d"]],
  ["unclosed", ["LF0111", "["]],
  ["unknown_function", ["LF0217", "gleu"]],
  ["unknown_name", ["LF0217", "q"]],
  ["version", ["LF0102", "9"]],
  ["zero_dim", ["LF0230", "0"]],
]);

test.each(files("good"))("accepted: %s", (name) => {
  const program = accepted(checkPath(`test/corpus/good/${name}`));
  expect(program.files.length).toBeGreaterThan(0);
  for (const callable of program.files.flatMap((f) => f.callables))
    for (const result of callable.results) expect(program.shapes.has(result.type)).toBe(true);
});

test.each(files("bad"))("refused: %s", (name) => {
  const checked = checkPath(`test/corpus/bad/${name}`);
  expect(checked.program).toBeUndefined();
  const [code, text] = reasons.get(name.replace(/\.lf$/, "")) ?? ["a line in `reasons`", ""];
  expect(checked.diagnostics.map((d) => d.code)).toEqual([code]);
  expect(marked(checked)).toEqual([text]);
  expect(readFileSync(resolve(corpus, "bad", name), "utf8")).toContain("// expect:");
});

test("every reason has a program", () => {
  expect([...reasons.keys()].sort()).toEqual(
    files("bad")
      .map((name) => name.replace(/\.lf$/, ""))
      .sort(),
  );
});
