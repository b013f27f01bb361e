// y.a (contract), linformer.lf:46

@group(0) @binding(0) var<storage, read_write> b_a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_o: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_wo: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b_y_1: array<vec4<f32>>;

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
  let v_at_1 = v_group_y * 64i + v_y * 8i;
  let v_at_3 = v_group_x * 8i + v_x;
  for (var v_j = 0i; v_j < 4i; v_j += 1i) {
    let v_at_2 = v_at_1 + v_j * 4096i;
    let v_at_4 = v_at_3 + v_j * 1024i;
    for (var v_k4 = 0i; v_k4 < 8i; v_k4 += 1i) {
      let v_o_2 = b_o[v_at_2 + v_k4];
      r_rows = v_o_2;
      let v_at_5 = v_at_4 + v_k4 * 128i;
      let v_wo_2 = b_wo[v_at_5];
      r_columns = v_wo_2;
      let v_a_2 = r_rows.x;
      r_acc = fma(vec4<f32>(v_a_2), r_columns, r_acc);
      let v_wo_3 = b_wo[v_at_5 + 32i];
      r_columns = v_wo_3;
      let v_a_3 = r_rows.y;
      r_acc = fma(vec4<f32>(v_a_3), r_columns, r_acc);
      let v_wo_4 = b_wo[v_at_5 + 64i];
      r_columns = v_wo_4;
      let v_a_4 = r_rows.z;
      r_acc = fma(vec4<f32>(v_a_4), r_columns, r_acc);
      let v_wo_5 = b_wo[v_at_5 + 96i];
      r_columns = v_wo_5;
      let v_a_5 = r_rows.w;
      r_acc = fma(vec4<f32>(v_a_5), r_columns, r_acc);
    }
  }
  let v_r = r_acc;
  let v_at_6 = v_group_y * 256i + v_group_x * 8i + v_y * 32i + v_x;
  let v_y_2 = b_y_1[v_at_6];
  b_a[v_at_6] = v_y_2 + v_r;
}
