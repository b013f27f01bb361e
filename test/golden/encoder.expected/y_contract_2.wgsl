// y (contract), linear.lf:26, encoder.lf:17

@group(0) @binding(0) var<storage, read_write> b_y: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_y_3: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b_a_4: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> b_b: array<vec4<f32>>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  var r_block_0: vec4<f32>; var r_block_1: vec4<f32>; var r_block_2: vec4<f32>; var r_block_3: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y_2 = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc = vec4<f32>(0.0f);
  let v_at_1 = v_group_x * 256i + v_y_2 * 32i;
  for (var v_k4 = 0i; v_k4 < 32i; v_k4 += 1i) {
    let v_y_4 = b_y_3[v_at_1 + v_k4];
    r_rows = v_y_4;
    let v_at_2 = v_x * 128i + v_k4;
    let v_w_2 = b_w[v_at_2];
    r_block_0 = v_w_2;
    let v_w_3 = b_w[v_at_2 + 32i];
    r_block_1 = v_w_3;
    let v_w_4 = b_w[v_at_2 + 64i];
    r_block_2 = v_w_4;
    let v_w_5 = b_w[v_at_2 + 96i];
    r_block_3 = v_w_5;
    r_columns = vec4<f32>(r_block_0.x, r_block_1.x, r_block_2.x, r_block_3.x);
    let v_a = r_rows.x;
    r_acc = fma(vec4<f32>(v_a), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.y, r_block_1.y, r_block_2.y, r_block_3.y);
    let v_a_1 = r_rows.y;
    r_acc = fma(vec4<f32>(v_a_1), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.z, r_block_1.z, r_block_2.z, r_block_3.z);
    let v_a_2 = r_rows.z;
    r_acc = fma(vec4<f32>(v_a_2), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.w, r_block_1.w, r_block_2.w, r_block_3.w);
    let v_a_3 = r_rows.w;
    r_acc = fma(vec4<f32>(v_a_3), r_columns, r_acc);
  }
  let v_r = r_acc;
  let v_at_3 = v_group_x * 64i + v_y_2 * 8i + v_x;
  let v_a_5 = b_a_4[v_at_3];
  let v_b_2 = b_b[v_x];
  b_y[v_at_3] = v_a_5 + (v_b_2 + v_r);
}
