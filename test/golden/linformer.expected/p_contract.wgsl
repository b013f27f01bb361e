// y.head.p (contract), linformer.lf:29

@group(0) @binding(0) var<storage, read_write> b_parts: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_E: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_y_1: array<vec4<f32>>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  let v_group_z = i32(group_id.z);
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc = vec4<f32>(0.0f);
  let v_at_1 = v_group_y * 1024i + v_y * 128i;
  let v_at_2 = v_group_x * 8i + v_x;
  for (var v_k4 = v_group_z * 32i; v_k4 < v_group_z * 32i + 32i; v_k4 += 1i) {
    let v_E_2 = b_E[v_at_1 + v_k4];
    r_rows = v_E_2;
    let v_at_3 = v_at_2 + v_k4 * 128i;
    let v_y_2 = b_y_1[v_at_3];
    r_columns = v_y_2;
    let v_a = r_rows.x;
    r_acc = fma(vec4<f32>(v_a), r_columns, r_acc);
    let v_y_3 = b_y_1[v_at_3 + 32i];
    r_columns = v_y_3;
    let v_a_1 = r_rows.y;
    r_acc = fma(vec4<f32>(v_a_1), r_columns, r_acc);
    let v_y_4 = b_y_1[v_at_3 + 64i];
    r_columns = v_y_4;
    let v_a_2 = r_rows.z;
    r_acc = fma(vec4<f32>(v_a_2), r_columns, r_acc);
    let v_y_5 = b_y_1[v_at_3 + 96i];
    r_columns = v_y_5;
    let v_a_3 = r_rows.w;
    r_acc = fma(vec4<f32>(v_a_3), r_columns, r_acc);
  }
  b_parts[v_group_z * 2048i + v_group_y * 256i + v_group_x * 8i + v_y * 32i + v_x] = r_acc;
}
