// a.head.p (contract), attention.lf:36

@group(0) @binding(0) var<storage, read_write> b_p: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_e: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_keep: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> b_y_1: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> b_keep_3: array<u32>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc = vec4<f32>(0.0f);
  let v_at_1 = v_group_x * 256i + v_y * 32i;
  for (var v_k4 = 0i; v_k4 < 32i; v_k4 += 1i) {
    let v_e_2 = b_e[v_at_1 + v_k4];
    let v_keep_2 = b_keep[v_k4] != vec4<u32>(0u);
    r_rows = select(vec4<f32>(0.0f), v_e_2, v_keep_2);
    let v_at_2 = v_x + v_k4 * 32i;
    let v_y_2 = b_y_1[v_at_2];
    let v_keep_4 = b_keep_3[v_k4 * 4i] != 0u;
    r_columns = select(vec4<f32>(0.0f), v_y_2, vec4<bool>(v_keep_4));
    let v_a = r_rows.x;
    r_acc = fma(vec4<f32>(v_a), r_columns, r_acc);
    let v_y_3 = b_y_1[v_at_2 + 8i];
    let v_keep_5 = b_keep_3[v_k4 * 4i + 1i] != 0u;
    r_columns = select(vec4<f32>(0.0f), v_y_3, vec4<bool>(v_keep_5));
    let v_a_1 = r_rows.y;
    r_acc = fma(vec4<f32>(v_a_1), r_columns, r_acc);
    let v_y_4 = b_y_1[v_at_2 + 16i];
    let v_keep_6 = b_keep_3[v_k4 * 4i + 2i] != 0u;
    r_columns = select(vec4<f32>(0.0f), v_y_4, vec4<bool>(v_keep_6));
    let v_a_2 = r_rows.z;
    r_acc = fma(vec4<f32>(v_a_2), r_columns, r_acc);
    let v_y_5 = b_y_1[v_at_2 + 24i];
    let v_keep_7 = b_keep_3[v_k4 * 4i + 3i] != 0u;
    r_columns = select(vec4<f32>(0.0f), v_y_5, vec4<bool>(v_keep_7));
    let v_a_3 = r_rows.w;
    r_acc = fma(vec4<f32>(v_a_3), r_columns, r_acc);
  }
  b_p[v_group_x * 64i + v_y * 8i + v_x] = r_acc;
}
