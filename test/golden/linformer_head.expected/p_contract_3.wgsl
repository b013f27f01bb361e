// p (contract), linformer_head.lf:15

@group(0) @binding(0) var<storage, read_write> b_p: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_p_2: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_p_4: array<vec4<f32>>;
var<workgroup> s_left: array<vec4<f32>, 128>;

@compute @workgroup_size(4, 16, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_x * 256i + v_y * 16i + v_x;
  let v_at_2 = v_y * 4i + v_x;
  let v_at_3 = v_y * 4i;
  for (var v_turn = 0i; v_turn < 4i; v_turn += 1i) {
    s_left[v_at_2] = b_p_2[v_at_1 + v_turn * 4i];
    s_left[v_at_2 + 64i] = b_p_4[v_at_2 + v_turn * 64i];
    workgroupBarrier();
    for (var v_k4 = 0i; v_k4 < 4i; v_k4 += 1i) {
      r_rows = s_left[v_at_3 + v_k4];
      let v_at_4 = v_x + v_k4 * 16i;
      r_columns = s_left[v_at_4 + 64i];
      r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
      r_columns = s_left[v_at_4 + 68i];
      r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
      r_columns = s_left[v_at_4 + 72i];
      r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
      r_columns = s_left[v_at_4 + 76i];
      r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
    }
    workgroupBarrier();
  }
  b_p[v_group_x * 64i + v_at_3 + v_x] = r_acc;
}
