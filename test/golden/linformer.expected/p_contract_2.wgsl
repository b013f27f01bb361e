// y.head.p (contract), linformer.lf:29

@group(0) @binding(0) var<storage, read_write> b_p: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_q: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_keys: array<vec4<f32>>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc_0: vec4<f32>; var r_acc_1: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows_0: vec4<f32>; var r_rows_1: vec4<f32>;
  var r_block_0: vec4<f32>; var r_block_1: vec4<f32>; var r_block_2: vec4<f32>; var r_block_3: vec4<f32>;
  let v_group_z = i32(group_id.z);
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc_0 = vec4<f32>(0.0f);
  r_acc_1 = vec4<f32>(0.0f);
  let v_at_1 = v_group_z * 4096i + v_group_y * 128i + v_y * 8i;
  let v_at_3 = v_group_z * 512i + v_group_x * 256i + v_x * 32i;
  for (var v_k4 = 0i; v_k4 < 8i; v_k4 += 1i) {
    let v_at_2 = v_at_1 + v_k4;
    let v_q_2 = b_q[v_at_2];
    r_rows_0 = v_q_2;
    let v_q_1 = b_q[v_at_2 + 64i];
    r_rows_1 = v_q_1;
    let v_at_4 = v_at_3 + v_k4;
    let v_keys_2 = b_keys[v_at_4];
    r_block_0 = v_keys_2;
    let v_keys_3 = b_keys[v_at_4 + 8i];
    r_block_1 = v_keys_3;
    let v_keys_4 = b_keys[v_at_4 + 16i];
    r_block_2 = v_keys_4;
    let v_keys_5 = b_keys[v_at_4 + 24i];
    r_block_3 = v_keys_5;
    r_columns = vec4<f32>(r_block_0.x, r_block_1.x, r_block_2.x, r_block_3.x);
    let v_a = r_rows_0.x;
    r_acc_0 = fma(vec4<f32>(v_a), r_columns, r_acc_0);
    let v_a_4 = r_rows_1.x;
    r_acc_1 = fma(vec4<f32>(v_a_4), r_columns, r_acc_1);
    r_columns = vec4<f32>(r_block_0.y, r_block_1.y, r_block_2.y, r_block_3.y);
    let v_a_1 = r_rows_0.y;
    r_acc_0 = fma(vec4<f32>(v_a_1), r_columns, r_acc_0);
    let v_a_5 = r_rows_1.y;
    r_acc_1 = fma(vec4<f32>(v_a_5), r_columns, r_acc_1);
    r_columns = vec4<f32>(r_block_0.z, r_block_1.z, r_block_2.z, r_block_3.z);
    let v_a_2 = r_rows_0.z;
    r_acc_0 = fma(vec4<f32>(v_a_2), r_columns, r_acc_0);
    let v_a_6 = r_rows_1.z;
    r_acc_1 = fma(vec4<f32>(v_a_6), r_columns, r_acc_1);
    r_columns = vec4<f32>(r_block_0.w, r_block_1.w, r_block_2.w, r_block_3.w);
    let v_a_3 = r_rows_0.w;
    r_acc_0 = fma(vec4<f32>(v_a_3), r_columns, r_acc_0);
    let v_a_7 = r_rows_1.w;
    r_acc_1 = fma(vec4<f32>(v_a_7), r_columns, r_acc_1);
  }
  let v_r = r_acc_0;
  let v_at_5 = v_group_z * 8192i + v_group_y * 256i + v_group_x * 8i + v_y * 16i + v_x;
  b_p[v_at_5] = v_r / vec4<f32>(5.656854f);
  let v_r_1 = r_acc_1;
  b_p[v_at_5 + 128i] = v_r_1 / vec4<f32>(5.656854f);
}
