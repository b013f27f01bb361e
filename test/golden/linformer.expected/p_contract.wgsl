// y.head.p (contract), linformer.lf:29

@group(0) @binding(0) var<storage, read_write> b_parts: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_E: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_y_1: array<vec4<f32>>;

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  var r_rows_1: vec4<f32>;
  let v_group_z = i32(group_id.z);
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_y * 2048i + v_y * 128i;
  let v_at_3 = v_group_x * 16i + v_x;
  for (var v_turn = v_group_z * 16i; v_turn < v_group_z * 16i + 16i; v_turn += 1i) {
    let v_at_2 = v_at_1 + v_turn * 2i;
    r_rows = b_E[v_at_2];
    let v_at_4 = v_at_3 + v_turn * 256i;
    r_columns = b_y_1[v_at_4];
    r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
    r_columns = b_y_1[v_at_4 + 32i];
    r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
    r_columns = b_y_1[v_at_4 + 64i];
    r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
    r_columns = b_y_1[v_at_4 + 96i];
    r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
    r_rows_1 = b_E[v_at_2 + 1i];
    r_columns = b_y_1[v_at_4 + 128i];
    r_acc = fma(vec4<f32>(r_rows_1.x), r_columns, r_acc);
    r_columns = b_y_1[v_at_4 + 160i];
    r_acc = fma(vec4<f32>(r_rows_1.y), r_columns, r_acc);
    r_columns = b_y_1[v_at_4 + 192i];
    r_acc = fma(vec4<f32>(r_rows_1.z), r_columns, r_acc);
    r_columns = b_y_1[v_at_4 + 224i];
    r_acc = fma(vec4<f32>(r_rows_1.w), r_columns, r_acc);
  }
  b_parts[v_group_z * 2048i + v_group_y * 512i + v_group_x * 16i + v_y * 32i + v_x] = r_acc;
}
