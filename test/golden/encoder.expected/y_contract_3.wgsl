// y (contract), linear.lf:26, encoder.lf:17

@group(0) @binding(0) var<storage, read_write> b_y: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_y_3: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b_b: array<vec4<f32>>;
var<workgroup> s_left: array<vec4<f32>, 320>;

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

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  var r_block_0: vec4<f32>; var r_block_1: vec4<f32>; var r_block_2: vec4<f32>; var r_block_3: vec4<f32>;
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y_2 = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_y_2 * 16i + v_x;
  let v_holds_1 = v_at_1 < 64i;
  let v_at_2 = v_x / 4i * 8i;
  let v_at_3 = v_x % 4i;
  let v_at_4 = v_group_y * 128i + v_y_2 * 32i + v_at_2 + v_at_3;
  let v_at_5 = v_group_x * 512i + v_y_2 * 32i + v_at_2 + v_at_3;
  for (var v_turn = 0i; v_turn < 2i; v_turn += 1i) {
    if (v_holds_1) {
      s_left[v_at_1 + 256i] = b_y_3[min(v_at_4 + v_turn * 4i, 1023i)];
    }
    s_left[v_at_1] = b_w[v_at_5 + v_turn * 4i];
    workgroupBarrier();
    for (var v_k4 = 0i; v_k4 < 4i; v_k4 += 1i) {
      r_rows = s_left[v_y_2 * 4i + v_k4 + 256i];
      let v_at_6 = v_x * 16i + v_k4;
      r_block_0 = s_left[v_at_6];
      r_block_1 = s_left[v_at_6 + 4i];
      r_block_2 = s_left[v_at_6 + 8i];
      r_block_3 = s_left[v_at_6 + 12i];
      r_columns = vec4<f32>(r_block_0.x, r_block_1.x, r_block_2.x, r_block_3.x);
      r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
      r_columns = vec4<f32>(r_block_0.y, r_block_1.y, r_block_2.y, r_block_3.y);
      r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
      r_columns = vec4<f32>(r_block_0.z, r_block_1.z, r_block_2.z, r_block_3.z);
      r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
      r_columns = vec4<f32>(r_block_0.w, r_block_1.w, r_block_2.w, r_block_3.w);
      r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
    }
    workgroupBarrier();
  }
  let v_b_2 = b_b[v_group_x * 16i + v_x];
  b_y[v_group_y * 512i + v_group_x * 16i + v_y_2 * 32i + v_x] = lf_gelu_x4(v_b_2 + r_acc);
}
