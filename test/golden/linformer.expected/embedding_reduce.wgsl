// embedding (reduce), linformer.lf:64

@group(0) @binding(0) var<storage, read_write> b_embedding: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_y: array<vec4<f32>>;
var<workgroup> s_parts: array<vec4<f32>, 288>;

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_x = i32(local_id.x);
  for (var v_k = v_x; v_k < 512i; v_k += 256i) {
    r_acc += b_y[v_group_x + v_k * 32i];
  }
  s_parts[v_x] = r_acc;
  workgroupBarrier();
  if (v_x < 32i) {
    let v_part_1 = s_parts[v_x * 8i];
    let v_joined = v_part_1 + s_parts[v_x * 8i + 1i];
    let v_joined_1 = v_joined + s_parts[v_x * 8i + 2i];
    let v_joined_2 = v_joined_1 + s_parts[v_x * 8i + 3i];
    let v_joined_3 = v_joined_2 + s_parts[v_x * 8i + 4i];
    let v_joined_4 = v_joined_3 + s_parts[v_x * 8i + 5i];
    let v_joined_5 = v_joined_4 + s_parts[v_x * 8i + 6i];
    s_parts[v_x + 256i] = v_joined_5 + s_parts[v_x * 8i + 7i];
  }
  workgroupBarrier();
  if (v_x < 8i) {
    let v_part_9 = s_parts[v_x * 4i + 256i];
    let v_joined_7 = v_part_9 + s_parts[v_x * 4i + 257i];
    let v_joined_8 = v_joined_7 + s_parts[v_x * 4i + 258i];
    s_parts[v_x] = v_joined_8 + s_parts[v_x * 4i + 259i];
  }
  workgroupBarrier();
  let v_part_13 = s_parts[0i];
  let v_joined_10 = v_part_13 + s_parts[1i];
  let v_joined_11 = v_joined_10 + s_parts[2i];
  let v_joined_12 = v_joined_11 + s_parts[3i];
  let v_joined_13 = v_joined_12 + s_parts[4i];
  let v_joined_14 = v_joined_13 + s_parts[5i];
  let v_joined_15 = v_joined_14 + s_parts[6i];
  let v_joined_16 = v_joined_15 + s_parts[7i];
  if (v_x == 0i) {
    b_embedding[v_group_x] = v_joined_16 * vec4<f32>(0.001953125f);
  }
}
