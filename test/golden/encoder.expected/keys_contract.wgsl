// a.head.keys (contract), attention.lf:34
// a.head.vals (contract), attention.lf:35

@group(0) @binding(0) var<storage, read_write> b_keys: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_wk: array<vec4<f32>>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc = vec4<f32>(0.0f);
  let v_at_1 = v_group_x * 64i + v_y * 8i;
  let v_at_2 = v_x / 2i;
  let v_at_3 = v_x % 2i;
  let v_at_4 = v_at_2 * 64i + v_at_3;
  for (var v_k4 = 0i; v_k4 < 8i; v_k4 += 1i) {
    let v_p_2 = b_p[v_at_1 + v_k4];
    r_rows = v_p_2;
    let v_at_5 = v_at_4 + v_k4 * 8i;
    let v_wk_2 = b_wk[v_at_5];
    r_columns = v_wk_2;
    let v_a = r_rows.x;
    r_acc = fma(vec4<f32>(v_a), r_columns, r_acc);
    let v_wk_3 = b_wk[v_at_5 + 2i];
    r_columns = v_wk_3;
    let v_a_1 = r_rows.y;
    r_acc = fma(vec4<f32>(v_a_1), r_columns, r_acc);
    let v_wk_4 = b_wk[v_at_5 + 4i];
    r_columns = v_wk_4;
    let v_a_2 = r_rows.z;
    r_acc = fma(vec4<f32>(v_a_2), r_columns, r_acc);
    let v_wk_5 = b_wk[v_at_5 + 6i];
    r_columns = v_wk_5;
    let v_a_3 = r_rows.w;
    r_acc = fma(vec4<f32>(v_a_3), r_columns, r_acc);
  }
  b_keys[v_group_x * 16i + v_y * 2i + v_at_2 * 32i + v_at_3] = r_acc;
}
