// y.a (contract), linformer.lf:46

@group(0) @binding(0) var<storage, read_write> b_a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_o: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_wo: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b_y_1: array<vec4<f32>>;
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
  let v_at_2 = v_group_y * 128i + v_y * 32i + v_x / 4i * 8i + v_x % 4i;
  let v_at_4 = v_group_x * 16i + v_y * 32i + v_x;
  for (var v_j = 0i; v_j < 4i; v_j += 1i) {
    let v_at_3 = v_at_2 + v_j * 4096i;
    let v_at_5 = v_at_4 + v_j * 1024i;
    for (var v_turn = 0i; v_turn < 2i; v_turn += 1i) {
      if (v_holds_1) {
        s_left[v_at_1 + 256i] = b_o[min(v_at_3 + v_turn * 4i, 16383i)];
      }
      s_left[v_at_1] = b_wo[v_at_5 + v_turn * 512i];
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
  }
  let v_at_7 = v_group_y * 512i + v_group_x * 16i + v_y * 32i + v_x;
  b_a[v_at_7] = b_y_1[v_at_7] + r_acc;
}
