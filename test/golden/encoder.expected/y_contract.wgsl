// y (contract), linear.lf:26, encoder.lf:17

@group(0) @binding(0) var<storage, read_write> b_y: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_y_3: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b_b: array<vec4<f32>>;

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

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  var r_block_0: vec4<f32>; var r_block_1: vec4<f32>; var r_block_2: vec4<f32>; var r_block_3: vec4<f32>;
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y_2 = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc = vec4<f32>(0.0f);
  let v_at_1 = v_group_y * 64i + v_y_2 * 8i;
  let v_at_2 = v_group_x * 256i + v_x * 32i;
  for (var v_k4 = 0i; v_k4 < 8i; v_k4 += 1i) {
    let v_y_4 = b_y_3[v_at_1 + v_k4];
    r_rows = v_y_4;
    let v_at_3 = v_at_2 + v_k4;
    let v_w_2 = b_w[v_at_3];
    r_block_0 = v_w_2;
    let v_w_3 = b_w[v_at_3 + 8i];
    r_block_1 = v_w_3;
    let v_w_4 = b_w[v_at_3 + 16i];
    r_block_2 = v_w_4;
    let v_w_5 = b_w[v_at_3 + 24i];
    r_block_3 = v_w_5;
    r_columns = vec4<f32>(r_block_0.x, r_block_1.x, r_block_2.x, r_block_3.x);
    let v_a = r_rows.x;
    r_acc = fma(vec4<f32>(v_a), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.y, r_block_1.y, r_block_2.y, r_block_3.y);
    let v_a_1 = r_rows.y;
    r_acc = fma(vec4<f32>(v_a_1), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.z, r_block_1.z, r_block_2.z, r_block_3.z);
    let v_a_2 = r_rows.z;
    r_acc = fma(vec4<f32>(v_a_2), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.w, r_block_1.w, r_block_2.w, r_block_3.w);
    let v_a_3 = r_rows.w;
    r_acc = fma(vec4<f32>(v_a_3), r_columns, r_acc);
  }
  let v_r = r_acc;
  let v_b_2 = b_b[v_group_x * 8i + v_x];
  b_y[v_group_y * 256i + v_group_x * 8i + v_y_2 * 32i + v_x] = lf_gelu_x4(v_b_2 + v_r);
}
