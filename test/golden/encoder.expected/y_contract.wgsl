// a.y (contract), attention.lf:87

@group(0) @binding(0) var<storage, read_write> b_y: array<f32>;
@group(0) @binding(1) var<storage, read> b_wo: array<f32>;
@group(0) @binding(2) var<storage, read> b_wv: array<vec4<f32>>;

@compute @workgroup_size(8, 16, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  var r_block_0: vec4<f32>; var r_block_1: vec4<f32>; var r_block_2: vec4<f32>; var r_block_3: vec4<f32>;
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y_2 = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_y * 256i + v_group_x * 16i + v_y_2;
  let v_at_3 = v_group_y * 64i + v_x * 8i;
  for (var v_k4 = 0i; v_k4 < 2i; v_k4 += 1i) {
    let v_at_2 = v_at_1 + v_k4 * 128i;
    let v_wo_2 = b_wo[v_at_2];
    let v_wo_3 = b_wo[v_at_2 + 32i];
    let v_wo_4 = b_wo[v_at_2 + 64i];
    r_rows = vec4<f32>(v_wo_2, v_wo_3, v_wo_4, b_wo[v_at_2 + 96i]);
    let v_at_4 = v_at_3 + v_k4;
    r_block_0 = b_wv[v_at_4];
    r_block_1 = b_wv[v_at_4 + 2i];
    r_block_2 = b_wv[v_at_4 + 4i];
    r_block_3 = b_wv[v_at_4 + 6i];
    r_columns = vec4<f32>(r_block_0.x, r_block_1.x, r_block_2.x, r_block_3.x);
    r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.y, r_block_1.y, r_block_2.y, r_block_3.y);
    r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.z, r_block_1.z, r_block_2.z, r_block_3.z);
    r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.w, r_block_1.w, r_block_2.w, r_block_3.w);
    r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
  }
  let v_at_5 = v_group_y + v_group_x * 64i + v_y_2 * 4i + v_x * 512i;
  b_y[v_at_5] = r_acc.x;
  b_y[v_at_5 + 128i] = r_acc.y;
  b_y[v_at_5 + 256i] = r_acc.z;
  b_y[v_at_5 + 384i] = r_acc.w;
}
