// y (contract), linformer.lf:49

@group(0) @binding(0) var<storage, read_write> b_parts: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_hid: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_w2: array<vec4<f32>>;

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc_0: vec4<f32>; var r_acc_1: vec4<f32>; var r_acc_2: vec4<f32>; var r_acc_3: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows_0: vec4<f32>; var r_rows_1: vec4<f32>; var r_rows_2: vec4<f32>; var r_rows_3: vec4<f32>;
  var r_rows_1_0: vec4<f32>; var r_rows_1_1: vec4<f32>; var r_rows_1_2: vec4<f32>; var r_rows_1_3: vec4<f32>;
  let v_group_z = i32(group_id.z);
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_y * 8192i + v_y * 512i;
  let v_at_3 = v_group_x * 16i + v_x;
  for (var v_turn = v_group_z * 16i; v_turn < v_group_z * 16i + 16i; v_turn += 1i) {
    let v_at_2 = v_at_1 + v_turn * 2i;
    r_rows_0 = b_hid[v_at_2];
    r_rows_1 = b_hid[v_at_2 + 128i];
    r_rows_2 = b_hid[v_at_2 + 256i];
    r_rows_3 = b_hid[v_at_2 + 384i];
    let v_at_4 = v_at_3 + v_turn * 256i;
    r_columns = b_w2[v_at_4];
    r_acc_0 = fma(vec4<f32>(r_rows_0.x), r_columns, r_acc_0);
    r_acc_1 = fma(vec4<f32>(r_rows_1.x), r_columns, r_acc_1);
    r_acc_2 = fma(vec4<f32>(r_rows_2.x), r_columns, r_acc_2);
    r_acc_3 = fma(vec4<f32>(r_rows_3.x), r_columns, r_acc_3);
    r_columns = b_w2[v_at_4 + 32i];
    r_acc_0 = fma(vec4<f32>(r_rows_0.y), r_columns, r_acc_0);
    r_acc_1 = fma(vec4<f32>(r_rows_1.y), r_columns, r_acc_1);
    r_acc_2 = fma(vec4<f32>(r_rows_2.y), r_columns, r_acc_2);
    r_acc_3 = fma(vec4<f32>(r_rows_3.y), r_columns, r_acc_3);
    r_columns = b_w2[v_at_4 + 64i];
    r_acc_0 = fma(vec4<f32>(r_rows_0.z), r_columns, r_acc_0);
    r_acc_1 = fma(vec4<f32>(r_rows_1.z), r_columns, r_acc_1);
    r_acc_2 = fma(vec4<f32>(r_rows_2.z), r_columns, r_acc_2);
    r_acc_3 = fma(vec4<f32>(r_rows_3.z), r_columns, r_acc_3);
    r_columns = b_w2[v_at_4 + 96i];
    r_acc_0 = fma(vec4<f32>(r_rows_0.w), r_columns, r_acc_0);
    r_acc_1 = fma(vec4<f32>(r_rows_1.w), r_columns, r_acc_1);
    r_acc_2 = fma(vec4<f32>(r_rows_2.w), r_columns, r_acc_2);
    r_acc_3 = fma(vec4<f32>(r_rows_3.w), r_columns, r_acc_3);
    r_rows_1_0 = b_hid[v_at_2 + 1i];
    r_rows_1_1 = b_hid[v_at_2 + 129i];
    r_rows_1_2 = b_hid[v_at_2 + 257i];
    r_rows_1_3 = b_hid[v_at_2 + 385i];
    r_columns = b_w2[v_at_4 + 128i];
    r_acc_0 = fma(vec4<f32>(r_rows_1_0.x), r_columns, r_acc_0);
    r_acc_1 = fma(vec4<f32>(r_rows_1_1.x), r_columns, r_acc_1);
    r_acc_2 = fma(vec4<f32>(r_rows_1_2.x), r_columns, r_acc_2);
    r_acc_3 = fma(vec4<f32>(r_rows_1_3.x), r_columns, r_acc_3);
    r_columns = b_w2[v_at_4 + 160i];
    r_acc_0 = fma(vec4<f32>(r_rows_1_0.y), r_columns, r_acc_0);
    r_acc_1 = fma(vec4<f32>(r_rows_1_1.y), r_columns, r_acc_1);
    r_acc_2 = fma(vec4<f32>(r_rows_1_2.y), r_columns, r_acc_2);
    r_acc_3 = fma(vec4<f32>(r_rows_1_3.y), r_columns, r_acc_3);
    r_columns = b_w2[v_at_4 + 192i];
    r_acc_0 = fma(vec4<f32>(r_rows_1_0.z), r_columns, r_acc_0);
    r_acc_1 = fma(vec4<f32>(r_rows_1_1.z), r_columns, r_acc_1);
    r_acc_2 = fma(vec4<f32>(r_rows_1_2.z), r_columns, r_acc_2);
    r_acc_3 = fma(vec4<f32>(r_rows_1_3.z), r_columns, r_acc_3);
    r_columns = b_w2[v_at_4 + 224i];
    r_acc_0 = fma(vec4<f32>(r_rows_1_0.w), r_columns, r_acc_0);
    r_acc_1 = fma(vec4<f32>(r_rows_1_1.w), r_columns, r_acc_1);
    r_acc_2 = fma(vec4<f32>(r_rows_1_2.w), r_columns, r_acc_2);
    r_acc_3 = fma(vec4<f32>(r_rows_1_3.w), r_columns, r_acc_3);
  }
  let v_at_5 = v_group_z * 16384i + v_group_y * 2048i + v_group_x * 16i + v_y * 128i + v_x;
  b_parts[v_at_5] = r_acc_0;
  b_parts[v_at_5 + 32i] = r_acc_1;
  b_parts[v_at_5 + 64i] = r_acc_2;
  b_parts[v_at_5 + 96i] = r_acc_3;
}
