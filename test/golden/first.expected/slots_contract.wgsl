// slots (contract), first.lf:8

@group(0) @binding(0) var<storage, read_write> b_parts: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_e: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_x_1: array<vec4<f32>>;

@compute @workgroup_size(8, 16, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  var r_rows_1: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  for (var v_turn = v_group_x * 16i; v_turn < v_group_x * 16i + 16i; v_turn += 1i) {
    let v_at_1 = v_y * 64i + v_turn * 2i;
    r_rows = b_e[v_at_1];
    let v_at_2 = v_x + v_turn * 64i;
    r_columns = b_x_1[v_at_2];
    r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
    r_columns = b_x_1[v_at_2 + 8i];
    r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
    r_columns = b_x_1[v_at_2 + 16i];
    r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
    r_columns = b_x_1[v_at_2 + 24i];
    r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
    r_rows_1 = b_e[v_at_1 + 1i];
    r_columns = b_x_1[v_at_2 + 32i];
    r_acc = fma(vec4<f32>(r_rows_1.x), r_columns, r_acc);
    r_columns = b_x_1[v_at_2 + 40i];
    r_acc = fma(vec4<f32>(r_rows_1.y), r_columns, r_acc);
    r_columns = b_x_1[v_at_2 + 48i];
    r_acc = fma(vec4<f32>(r_rows_1.z), r_columns, r_acc);
    r_columns = b_x_1[v_at_2 + 56i];
    r_acc = fma(vec4<f32>(r_rows_1.w), r_columns, r_acc);
  }
  b_parts[v_group_x * 128i + v_y * 8i + v_x] = r_acc;
}
