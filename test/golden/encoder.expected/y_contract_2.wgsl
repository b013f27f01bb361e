// a.y (contract), attention.lf:87

@group(0) @binding(0) var<storage, read_write> b_y: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_p: array<f32>;
@group(0) @binding(2) var<storage, read> b_y_3: array<f32>;
var<workgroup> s_left: array<vec4<f32>, 320>;

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y_2 = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_y_2 * 16i + v_x;
  let v_holds_1 = v_at_1 < 64i;
  let v_at_2 = v_y_2 * 4i + v_x % 4i * 64i + v_x / 4i;
  let v_at_4 = v_group_x * 2i + v_y_2 * 128i + v_x % 8i * 16i + v_x / 8i;
  let v_at_6 = v_y_2 * 4i;
  for (var v_turn = 0i; v_turn < 2i; v_turn += 1i) {
    if (v_holds_1) {
      let v_at_3 = v_at_2 + v_turn * 256i;
      let v_p_2 = b_p[v_at_3];
      let v_p_3 = b_p[v_at_3 + 16i];
      let v_p_4 = b_p[v_at_3 + 32i];
      s_left[v_at_1 + 256i] = vec4<f32>(v_p_2, v_p_3, v_p_4, b_p[v_at_3 + 48i]);
    }
    let v_at_5 = v_at_4 + v_turn * 2048i;
    let v_y_4 = b_y_3[v_at_5];
    let v_y_5 = b_y_3[v_at_5 + 4i];
    let v_y_6 = b_y_3[v_at_5 + 8i];
    s_left[v_at_1] = vec4<f32>(v_y_4, v_y_5, v_y_6, b_y_3[v_at_5 + 12i]);
    workgroupBarrier();
    for (var v_k4 = 0i; v_k4 < 4i; v_k4 += 1i) {
      r_rows = s_left[v_at_6 + v_k4 + 256i];
      let v_at_7 = v_x + v_k4 * 64i;
      r_columns = s_left[v_at_7];
      r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
      r_columns = s_left[v_at_7 + 16i];
      r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
      r_columns = s_left[v_at_7 + 32i];
      r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
      r_columns = s_left[v_at_7 + 48i];
      r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
    }
    workgroupBarrier();
  }
  b_y[v_group_x * 16i + v_y_2 * 32i + v_x] = r_acc;
}
