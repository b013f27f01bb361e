// p (contract), linformer_head.lf:15

@group(0) @binding(0) var<storage, read_write> b_p: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_x_1: array<f32>;
@group(0) @binding(2) var<storage, read> b_e: array<vec4<f32>>;

@compute @workgroup_size(4, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  var r_block_0: vec4<f32>; var r_block_1: vec4<f32>; var r_block_2: vec4<f32>; var r_block_3: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc = vec4<f32>(0.0f);
  let v_at_1 = v_group_x * 8i + v_y;
  for (var v_k4 = 0i; v_k4 < 32i; v_k4 += 1i) {
    let v_at_2 = v_at_1 + v_k4 * 256i;
    let v_x_2 = b_x_1[v_at_2];
    let v_x_3 = b_x_1[v_at_2 + 64i];
    let v_x_4 = b_x_1[v_at_2 + 128i];
    let v_x_5 = b_x_1[v_at_2 + 192i];
    r_rows = vec4<f32>(v_x_2, v_x_3, v_x_4, v_x_5);
    let v_at_3 = v_x * 128i + v_k4;
    let v_e_2 = b_e[v_at_3];
    r_block_0 = v_e_2;
    let v_e_3 = b_e[v_at_3 + 32i];
    r_block_1 = v_e_3;
    let v_e_4 = b_e[v_at_3 + 64i];
    r_block_2 = v_e_4;
    let v_e_5 = b_e[v_at_3 + 96i];
    r_block_3 = v_e_5;
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
  b_p[v_group_x * 32i + v_y * 4i + v_x] = r_acc;
}
