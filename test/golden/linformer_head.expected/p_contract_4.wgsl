// p (contract), linformer_head.lf:15

@group(0) @binding(0) var<storage, read_write> b_p: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_x_1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_p_2: array<vec4<f32>>;

@compute @workgroup_size(4, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc = vec4<f32>(0.0f);
  let v_at_1 = v_group_x * 128i + v_y * 16i;
  for (var v_k4 = 0i; v_k4 < 16i; v_k4 += 1i) {
    let v_x_2 = b_x_1[v_at_1 + v_k4];
    r_rows = v_x_2;
    let v_at_2 = v_x + v_k4 * 16i;
    let v_p_3 = b_p_2[v_at_2];
    r_columns = v_p_3;
    let v_a = r_rows.x;
    r_acc = fma(vec4<f32>(v_a), r_columns, r_acc);
    let v_p_4 = b_p_2[v_at_2 + 4i];
    r_columns = v_p_4;
    let v_a_1 = r_rows.y;
    r_acc = fma(vec4<f32>(v_a_1), r_columns, r_acc);
    let v_p_5 = b_p_2[v_at_2 + 8i];
    r_columns = v_p_5;
    let v_a_2 = r_rows.z;
    r_acc = fma(vec4<f32>(v_a_2), r_columns, r_acc);
    let v_p_6 = b_p_2[v_at_2 + 12i];
    r_columns = v_p_6;
    let v_a_3 = r_rows.w;
    r_acc = fma(vec4<f32>(v_a_3), r_columns, r_acc);
  }
  let v_r = r_acc;
  b_p[v_group_x * 32i + v_y * 4i + v_x] = v_r / vec4<f32>(5.656854f);
}
