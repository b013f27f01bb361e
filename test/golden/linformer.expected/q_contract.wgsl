// y.head.q (contract), linformer.lf:26

@group(0) @binding(0) var<storage, read_write> b_q: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_y_1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_wq: array<vec4<f32>>;
var<workgroup> s_left: array<vec4<f32>, 320>;

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_y * 16i + v_x;
  let v_holds_1 = v_at_1 < 64i;
  let v_at_2 = v_group_y * 512i + v_y * 128i + v_x / 4i * 32i + v_x % 4i;
  let v_at_3 = v_x / 8i;
  let v_at_4 = v_x % 8i;
  let v_at_5 = v_group_x * 2048i + v_y * 8i + v_at_3 * 1024i + v_at_4;
  for (var v_turn = 0i; v_turn < 8i; v_turn += 1i) {
    if (v_holds_1) {
      s_left[v_at_1 + 256i] = b_y_1[min(v_at_2 + v_turn * 4i, 16383i)];
    }
    s_left[v_at_1] = b_wq[v_at_5 + v_turn * 128i];
    workgroupBarrier();
    for (var v_k4 = 0i; v_k4 < 4i; v_k4 += 1i) {
      r_rows = s_left[v_y * 4i + v_k4 + 256i];
      let v_at_6 = v_x + v_k4 * 64i;
      r_columns = s_left[v_at_6];
      r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
      r_columns = s_left[v_at_6 + 16i];
      r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
      r_columns = s_left[v_at_6 + 32i];
      r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
      r_columns = s_left[v_at_6 + 48i];
      r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
    }
    workgroupBarrier();
  }
  b_q[v_group_y * 128i + v_group_x * 8192i + v_y * 8i + v_at_3 * 4096i + v_at_4] = r_acc;
}
