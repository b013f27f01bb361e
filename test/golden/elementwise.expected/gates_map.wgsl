// gates (map), elementwise.lf:11

@group(0) @binding(0) var<storage, read_write> b_gates: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_x_1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_y: array<vec4<f32>>;

// 1 / (1 + e^-x).
fn lf_sigmoid_x4(x: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(1.0) / (vec4<f32>(1.0) + exp(min(-x, vec4<f32>(88.72 - 0.75))));
}

// tanh, which is ±1 in this precision from 10 on.
fn lf_tanh_x4(x: vec4<f32>) -> vec4<f32> {
  return tanh(clamp(x, vec4<f32>(-10.0), vec4<f32>(10.0)));
}

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

// e^x; the largest number where that overflows.
fn lf_exp_x4(x: vec4<f32>) -> vec4<f32> {
  return exp(min(x, vec4<f32>(88.72)));
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
      b_gates[v_at_1] = lf_sigmoid_x4(v_x_2) * lf_tanh_x4(v_y_2) + lf_erf_x4(v_x_2) / (vec4<f32>(1.0f) + lf_exp_x4(-abs(v_y_2)));
    }
  }
}
