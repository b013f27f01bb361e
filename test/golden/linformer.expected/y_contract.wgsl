// y (contract), linformer.lf:49

@group(0) @binding(0) var<storage, read_write> b_parts: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_hid: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_w2: array<vec4<f32>>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc_0: vec4<f32>; var r_acc_1: vec4<f32>; var r_acc_2: vec4<f32>; var r_acc_3: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows_0: vec4<f32>; var r_rows_1: vec4<f32>; var r_rows_2: vec4<f32>; var r_rows_3: vec4<f32>;
  let v_group_z = i32(group_id.z);
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc_0 = vec4<f32>(0.0f);
  r_acc_1 = vec4<f32>(0.0f);
  r_acc_2 = vec4<f32>(0.0f);
  r_acc_3 = vec4<f32>(0.0f);
  let v_at_1 = v_group_y * 4096i + v_y * 512i;
  let v_at_3 = v_group_x * 8i + v_x;
  for (var v_k4 = v_group_z * 32i; v_k4 < v_group_z * 32i + 32i; v_k4 += 1i) {
    let v_at_2 = v_at_1 + v_k4;
    let v_hid_2 = b_hid[v_at_2];
    r_rows_0 = v_hid_2;
    let v_hid_1 = b_hid[v_at_2 + 128i];
    r_rows_1 = v_hid_1;
    let v_hid_3 = b_hid[v_at_2 + 256i];
    r_rows_2 = v_hid_3;
    let v_hid_4 = b_hid[v_at_2 + 384i];
    r_rows_3 = v_hid_4;
    let v_at_4 = v_at_3 + v_k4 * 128i;
    let v_w2_2 = b_w2[v_at_4];
    r_columns = v_w2_2;
    let v_a = r_rows_0.x;
    r_acc_0 = fma(vec4<f32>(v_a), r_columns, r_acc_0);
    let v_a_4 = r_rows_1.x;
    r_acc_1 = fma(vec4<f32>(v_a_4), r_columns, r_acc_1);
    let v_a_5 = r_rows_2.x;
    r_acc_2 = fma(vec4<f32>(v_a_5), r_columns, r_acc_2);
    let v_a_6 = r_rows_3.x;
    r_acc_3 = fma(vec4<f32>(v_a_6), r_columns, r_acc_3);
    let v_w2_3 = b_w2[v_at_4 + 32i];
    r_columns = v_w2_3;
    let v_a_1 = r_rows_0.y;
    r_acc_0 = fma(vec4<f32>(v_a_1), r_columns, r_acc_0);
    let v_a_7 = r_rows_1.y;
    r_acc_1 = fma(vec4<f32>(v_a_7), r_columns, r_acc_1);
    let v_a_8 = r_rows_2.y;
    r_acc_2 = fma(vec4<f32>(v_a_8), r_columns, r_acc_2);
    let v_a_9 = r_rows_3.y;
    r_acc_3 = fma(vec4<f32>(v_a_9), r_columns, r_acc_3);
    let v_w2_4 = b_w2[v_at_4 + 64i];
    r_columns = v_w2_4;
    let v_a_2 = r_rows_0.z;
    r_acc_0 = fma(vec4<f32>(v_a_2), r_columns, r_acc_0);
    let v_a_10 = r_rows_1.z;
    r_acc_1 = fma(vec4<f32>(v_a_10), r_columns, r_acc_1);
    let v_a_11 = r_rows_2.z;
    r_acc_2 = fma(vec4<f32>(v_a_11), r_columns, r_acc_2);
    let v_a_12 = r_rows_3.z;
    r_acc_3 = fma(vec4<f32>(v_a_12), r_columns, r_acc_3);
    let v_w2_5 = b_w2[v_at_4 + 96i];
    r_columns = v_w2_5;
    let v_a_3 = r_rows_0.w;
    r_acc_0 = fma(vec4<f32>(v_a_3), r_columns, r_acc_0);
    let v_a_13 = r_rows_1.w;
    r_acc_1 = fma(vec4<f32>(v_a_13), r_columns, r_acc_1);
    let v_a_14 = r_rows_2.w;
    r_acc_2 = fma(vec4<f32>(v_a_14), r_columns, r_acc_2);
    let v_a_15 = r_rows_3.w;
    r_acc_3 = fma(vec4<f32>(v_a_15), r_columns, r_acc_3);
  }
  let v_at_5 = v_group_z * 16384i + v_group_y * 1024i + v_group_x * 8i + v_y * 128i + v_x;
  b_parts[v_at_5] = r_acc_0;
  b_parts[v_at_5 + 32i] = r_acc_1;
  b_parts[v_at_5 + 64i] = r_acc_2;
  b_parts[v_at_5 + 96i] = r_acc_3;
}
