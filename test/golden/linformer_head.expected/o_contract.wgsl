// o (contract), linformer_head.lf:16

@group(0) @binding(0) var<storage, read_write> b_o: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_f: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_x_1: array<vec4<f32>>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc = vec4<f32>(0.0f);
  let v_at_1 = v_group_y * 256i + v_y * 32i;
  let v_at_2 = v_group_x * 8i + v_x;
  for (var v_k4 = 0i; v_k4 < 32i; v_k4 += 1i) {
    let v_f_2 = b_f[v_at_1 + v_k4];
    r_rows = v_f_2;
    let v_at_3 = v_at_2 + v_k4 * 64i;
    let v_x_2 = b_x_1[v_at_3];
    r_columns = v_x_2;
    let v_a = r_rows.x;
    r_acc = fma(vec4<f32>(v_a), r_columns, r_acc);
    let v_x_3 = b_x_1[v_at_3 + 16i];
    r_columns = v_x_3;
    let v_a_1 = r_rows.y;
    r_acc = fma(vec4<f32>(v_a_1), r_columns, r_acc);
    let v_x_4 = b_x_1[v_at_3 + 32i];
    r_columns = v_x_4;
    let v_a_2 = r_rows.z;
    r_acc = fma(vec4<f32>(v_a_2), r_columns, r_acc);
    let v_x_5 = b_x_1[v_at_3 + 48i];
    r_columns = v_x_5;
    let v_a_3 = r_rows.w;
    r_acc = fma(vec4<f32>(v_a_3), r_columns, r_acc);
  }
  b_o[v_group_y * 128i + v_group_x * 8i + v_y * 16i + v_x] = r_acc;
}
