// a (contract), encoder.lf:16

@group(0) @binding(0) var<storage, read_write> b_a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_y_1: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b_x_1: array<vec4<f32>>;
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
  let v_at_2 = v_group_x * 64i + v_y * 8i + v_x;
  let v_at_3 = v_y * 32i + v_x;
  for (var v_j = 0i; v_j < 4i; v_j += 1i) {
    if (v_holds_1) {
      s_left[v_at_1 + 128i] = b_p[v_at_2 + v_j * 512i];
    }
    s_left[v_at_1] = b_y_1[v_at_3 + v_j * 8i];
    workgroupBarrier();
    for (var v_k4 = 0i; v_k4 < 4i; v_k4 += 1i) {
      r_rows = s_left[v_y * 4i + v_k4 + 128i];
      let v_at_4 = v_x + v_k4 * 32i;
      r_columns = s_left[v_at_4];
      r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
      r_columns = s_left[v_at_4 + 8i];
      r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
      r_columns = s_left[v_at_4 + 16i];
      r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
      r_columns = s_left[v_at_4 + 24i];
      r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
    }
    workgroupBarrier();
  }
  let v_at_5 = v_group_x * 128i + v_y * 8i + v_x;
  b_a[v_at_5] = b_x_1[v_at_5] + r_acc;
}
