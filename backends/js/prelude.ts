/**
 * Helper functions of the printed JavaScript, by name, each with the helpers it calls. A module carries only those that
 * its kernels use. Composite functions are computed in float64; the caller rounds their result once.
 */
interface Helper {
  readonly needs: readonly string[];
  readonly text: string;
}

const helper = (text: string, ...needs: string[]): Helper => ({ needs, text: text.trim() });

const helpers: Readonly<Record<string, Helper>> = {
  f16: helper(`
// The nearest f16 number, ties to even.
function f16(x) {
  if (!Number.isFinite(x) || x === 0) return x;
  const a = Math.abs(x);
  const exponent = Math.max(Math.floor(Math.log2(a)), -14);
  let scale = 2 ** (exponent - 10);
  if (a >= 2 ** (exponent + 1)) scale *= 2;
  const units = a / scale;
  const floor = Math.floor(units);
  const rest = units - floor;
  const rounded = (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor) * scale;
  return Math.sign(x) * (rounded > 65504 ? Infinity : rounded);
}`),
  erf: helper(`
// The error function: a series near 0, a continued fraction beyond.
function erf(x) {
  const a = Math.abs(x);
  if (!(a < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * 1.1283791670955126 * Math.exp(-a * a) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - (0.5641895835477563 * Math.exp(-a * a)) / (a + fraction));
}`),
  gelu: helper(
    `
function gelu(x) {
  return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
}`,
    "erf",
  ),
  gelu_tanh: helper(`
function gelu_tanh(x) {
  return 0.5 * x * (1 + Math.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
}`),
  sigmoid: helper(`
function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}`),
  silu: helper(`
function silu(x) {
  return x / (1 + Math.exp(-x));
}`),
  floordiv: helper(`
// Towards minus infinity.
function floordiv(a, b) {
  return b === 0 ? 0 : Math.floor(a / b);
}`),
  mod: helper(`
// With the sign of the divisor.
function mod(a, b) {
  return b === 0 ? 0 : a - Math.floor(a / b) * b;
}`),
  truncdiv: helper(`
function truncdiv(a, b) {
  return b === 0 ? 0 : Math.trunc(a / b);
}`),
  toInt: helper(`
// Towards zero, saturating; NaN becomes 0.
function toInt(x) {
  return x >= 2147483647 ? 2147483647 : x <= -2147483648 ? -2147483648 : x | 0;
}`),
  toUint: helper(`
// Towards zero, saturating; NaN becomes 0.
function toUint(x) {
  return x >= 4294967295 ? 4294967295 : x > 0 ? x >>> 0 : 0;
}`),
  bits: helper(`
// The same 32 bits as another type.
const word = new DataView(new ArrayBuffer(4));
const bits = {
  f32_i32: (x) => (word.setFloat32(0, x), word.getInt32(0)),
  f32_u32: (x) => (word.setFloat32(0, x), word.getUint32(0)),
  i32_f32: (x) => (word.setInt32(0, x), word.getFloat32(0)),
  u32_f32: (x) => (word.setUint32(0, x), word.getFloat32(0)),
  i32_u32: (x) => x >>> 0,
  u32_i32: (x) => x | 0,
};`),
  meet: helper(`
// Runs the invocations of one workgroup from barrier to barrier; \`size\` of them make a subgroup.
function meet(threads, size) {
  let waiting = threads.map((thread) => thread.next());
  while (!waiting[0].done) {
    const answers = waiting.map(({ value }, i) => {
      if (value === undefined) return undefined;
      const first = i - (i % size);
      const group = waiting.slice(first, first + size).map((w) => w.value.of);
      if (value.op === "broadcast") return group[value.lane];
      if (value.op === "shuffleXor") return group[(i - first) ^ value.lane];
      return group.reduce(value.combine);
    });
    waiting = threads.map((thread, i) => thread.next(answers[i]));
  }
}`),
};

/** The text of the helpers and of all that they need, each once. */
export function prelude(used: ReadonlySet<string>): string {
  const order: string[] = [];
  const add = (name: string): void => {
    const h = helpers[name];
    if (!h || order.includes(name)) return;
    for (const n of h.needs) add(n);
    order.push(name);
  };
  for (const name of [...used].sort()) add(name);
  return order.map((name) => helpers[name]?.text).join("\n\n");
}
