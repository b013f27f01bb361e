// y.hid (contract), linformer.lf:48

@group(0) @binding(0) var<storage, read_write> b_hid: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_y_1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_w1: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b_c1: array<vec4<f32>>;
var<workgroup> s_left: array<vec4<f32>, 512>;

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
  var r_acc_0: vec4<f32>; var r_acc_1: vec4<f32>; var r_acc_2: vec4<f32>; var r_acc_3: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows_0: vec4<f32>; var r_rows_1: vec4<f32>; var r_rows_2: vec4<f32>; var r_rows_3: vec4<f32>;
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_y * 2048i + v_y * 128i + v_x / 4i * 32i + v_x % 4i;
  let v_at_2 = v_y * 16i + v_x;
  let v_at_3 = v_group_x * 16i + v_y * 128i + v_x;
  let v_at_4 = v_y * 16i;
  for (var v_turn = 0i; v_turn < 8i; v_turn += 1i) {
    s_left[v_at_2] = b_y_1[v_at_1 + v_turn * 4i];
    s_left[v_at_2 + 256i] = b_w1[v_at_3 + v_turn * 2048i];
    workgroupBarrier();
    for (var v_k4 = 0i; v_k4 < 4i; v_k4 += 1i) {
      let v_at_5 = v_at_4 + v_k4;
      r_rows_0 = s_left[v_at_5];
      r_rows_1 = s_left[v_at_5 + 4i];
      r_rows_2 = s_left[v_at_5 + 8i];
      r_rows_3 = s_left[v_at_5 + 12i];
      let v_at_6 = v_x + v_k4 * 64i;
      r_columns = s_left[v_at_6 + 256i];
      r_acc_0 = fma(vec4<f32>(r_rows_0.x), r_columns, r_acc_0);
      r_acc_1 = fma(vec4<f32>(r_rows_1.x), r_columns, r_acc_1);
      r_acc_2 = fma(vec4<f32>(r_rows_2.x), r_columns, r_acc_2);
      r_acc_3 = fma(vec4<f32>(r_rows_3.x), r_columns, r_acc_3);
      r_columns = s_left[v_at_6 + 272i];
      r_acc_0 = fma(vec4<f32>(r_rows_0.y), r_columns, r_acc_0);
      r_acc_1 = fma(vec4<f32>(r_rows_1.y), r_columns, r_acc_1);
      r_acc_2 = fma(vec4<f32>(r_rows_2.y), r_columns, r_acc_2);
      r_acc_3 = fma(vec4<f32>(r_rows_3.y), r_columns, r_acc_3);
      r_columns = s_left[v_at_6 + 288i];
      r_acc_0 = fma(vec4<f32>(r_rows_0.z), r_columns, r_acc_0);
      r_acc_1 = fma(vec4<f32>(r_rows_1.z), r_columns, r_acc_1);
      r_acc_2 = fma(vec4<f32>(r_rows_2.z), r_columns, r_acc_2);
      r_acc_3 = fma(vec4<f32>(r_rows_3.z), r_columns, r_acc_3);
      r_columns = s_left[v_at_6 + 304i];
      r_acc_0 = fma(vec4<f32>(r_rows_0.w), r_columns, r_acc_0);
      r_acc_1 = fma(vec4<f32>(r_rows_1.w), r_columns, r_acc_1);
      r_acc_2 = fma(vec4<f32>(r_rows_2.w), r_columns, r_acc_2);
      r_acc_3 = fma(vec4<f32>(r_rows_3.w), r_columns, r_acc_3);
    }
    workgroupBarrier();
  }
  let v_c1_2 = b_c1[v_group_x * 16i + v_x];
  let v_at_7 = v_group_y * 8192i + v_group_x * 16i + v_y * 512i + v_x;
  b_hid[v_at_7] = lf_gelu_x4(v_c1_2 + r_acc_0);
  b_hid[v_at_7 + 128i] = lf_gelu_x4(v_c1_2 + r_acc_1);
  b_hid[v_at_7 + 256i] = lf_gelu_x4(v_c1_2 + r_acc_2);
  b_hid[v_at_7 + 384i] = lf_gelu_x4(v_c1_2 + r_acc_3);
}
