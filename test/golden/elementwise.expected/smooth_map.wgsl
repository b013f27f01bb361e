// smooth (map), elementwise.lf:10

@group(0) @binding(0) var<storage, read_write> b_smooth: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_x_1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_y: array<vec4<f32>>;

// The error function, within 2e-7: x · p(x²) below 1, 1 - e^-q(|x|) from there to 4, then ±1.
fn lf_erf_x4(x: vec4<f32>) -> vec4<f32> {
  let a = min(abs(x), vec4<f32>(4.0));
  let z = a * a;
  let near = a * (vec4<f32>(1.12837911) + z * (vec4<f32>(-0.376123279) + z * (vec4<f32>(0.112801827) + z * (vec4<f32>(-0.0267113652)
    + z * (vec4<f32>(0.00491760485) + z * vec4<f32>(-0.000563161448))))));
  let q = vec4<f32>(0.000353851734) + a * (vec4<f32>(1.12703943) + a * (vec4<f32>(0.638226628) + a * (vec4<f32>(0.103036523)
    + a * (vec4<f32>(-0.0218049008) + a * (vec4<f32>(0.00293949991) + a * vec4<f32>(-0.000185562749))))));
  let far = select(vec4<f32>(1.0) - exp(-q), vec4<f32>(1.0), a >= vec4<f32>(4.0));
  return sign(x) * select(near, far, a >= vec4<f32>(1.0));
}

// x · Φ(x), by the error function.
fn lf_gelu_x4(x: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(0.5) * x * (vec4<f32>(1.0) + lf_erf_x4(x * vec4<f32>(0.70710678)));
}

// x · Φ(x), by the usual tanh formula.
fn lf_gelu_tanh_x4(x: vec4<f32>) -> vec4<f32> {
  let c = clamp(x, vec4<f32>(-10.0), vec4<f32>(10.0));
  let u = clamp(vec4<f32>(0.79788456) * (c + vec4<f32>(0.044715) * c * c * c), vec4<f32>(-10.0), vec4<f32>(10.0));
  return vec4<f32>(0.5) * x * (vec4<f32>(1.0) + tanh(u));
}

// 1 / (1 + e^-x).
fn lf_sigmoid_x4(x: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(1.0) / (vec4<f32>(1.0) + exp(min(-x, vec4<f32>(88.72 - 0.75))));
}

// x · sigmoid(x).
fn lf_silu_x4(x: vec4<f32>) -> vec4<f32> {
  return x * lf_sigmoid_x4(x);
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  let v_group_x = i32(group_id.x);
  let v_x = i32(local_id.x);
  if (v_group_x * 256i + v_x * 4i < 660i) {
    let v_at_1 = v_group_x * 64i + v_x;
    let v_x_2 = b_x_1[min(v_at_1, 164i)];
    let v_y_2 = b_y[min(v_at_1, 164i)];
    if (v_at_1 < 165i) {
      b_smooth[v_at_1] = lf_gelu_x4(v_x_2) + lf_gelu_tanh_x4(v_y_2) * lf_silu_x4(v_x_2) - max(v_y_2, vec4<f32>(0.0f));
    }
  }
}
