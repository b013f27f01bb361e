// vals (contract), attention_head.lf:12

@group(0) @binding(0) var<storage, read_write> b_vals: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_x_1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_wv: array<vec4<f32>>;
var<workgroup> s_left: array<vec4<f32>, 192>;

@compute @workgroup_size(8, 16, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_y * 8i + v_x;
  let v_holds_1 = v_at_1 < 64i;
  let v_at_2 = v_group_x * 256i + v_y * 32i + v_x / 4i * 16i + v_x % 4i;
  for (var v_turn = 0i; v_turn < 4i; v_turn += 1i) {
    if (v_holds_1) {
      s_left[v_at_1 + 128i] = b_x_1[min(v_at_2 + v_turn * 4i, 2047i)];
    }
    s_left[v_at_1] = b_wv[v_at_1 + v_turn * 128i];
    workgroupBarrier();
    for (var v_k4 = 0i; v_k4 < 4i; v_k4 += 1i) {
      r_rows = s_left[v_y * 4i + v_k4 + 128i];
      let v_at_3 = v_x + v_k4 * 32i;
      r_columns = s_left[v_at_3];
      r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
      r_columns = s_left[v_at_3 + 8i];
      r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
      r_columns = s_left[v_at_3 + 16i];
      r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
      r_columns = s_left[v_at_3 + 24i];
      r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
    }
    workgroupBarrier();
  }
  b_vals[v_group_x * 128i + v_y * 8i + v_x] = r_acc;
}
