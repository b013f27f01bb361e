// embedding (reduce), linformer.lf:64

@group(0) @binding(0) var<storage, read_write> b_embedding: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_y: array<vec4<f32>>;
var<workgroup> s_parts: array<vec4<f32>, 72>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_x = i32(local_id.x);
  r_acc = vec4<f32>(0.0f);
  for (var v_k = v_x; v_k < 512i; v_k += 64i) {
    let v_y_2 = b_y[v_group_x + v_k * 32i];
    r_acc = r_acc + v_y_2;
  }
  let v_part = r_acc;
  s_parts[v_x] = v_part;
  workgroupBarrier();
  if (v_x < 8i) {
    let v_part_1 = s_parts[v_x * 8i];
    let v_part_2 = s_parts[v_x * 8i + 1i];
    let v_joined = v_part_1 + v_part_2;
    let v_part_3 = s_parts[v_x * 8i + 2i];
    let v_joined_1 = v_joined + v_part_3;
    let v_part_4 = s_parts[v_x * 8i + 3i];
    let v_joined_2 = v_joined_1 + v_part_4;
    let v_part_5 = s_parts[v_x * 8i + 4i];
    let v_joined_3 = v_joined_2 + v_part_5;
    let v_part_6 = s_parts[v_x * 8i + 5i];
    let v_joined_4 = v_joined_3 + v_part_6;
    let v_part_7 = s_parts[v_x * 8i + 6i];
    let v_joined_5 = v_joined_4 + v_part_7;
    let v_part_8 = s_parts[v_x * 8i + 7i];
    let v_joined_6 = v_joined_5 + v_part_8;
    s_parts[v_x + 64i] = v_joined_6;
  }
  workgroupBarrier();
  let v_part_9 = s_parts[64i];
  let v_part_10 = s_parts[65i];
  let v_joined_7 = v_part_9 + v_part_10;
  let v_part_11 = s_parts[66i];
  let v_joined_8 = v_joined_7 + v_part_11;
  let v_part_12 = s_parts[67i];
  let v_joined_9 = v_joined_8 + v_part_12;
  let v_part_13 = s_parts[68i];
  let v_joined_10 = v_joined_9 + v_part_13;
  let v_part_14 = s_parts[69i];
  let v_joined_11 = v_joined_10 + v_part_14;
  let v_part_15 = s_parts[70i];
  let v_joined_12 = v_joined_11 + v_part_15;
  let v_part_16 = s_parts[71i];
  let v_joined_13 = v_joined_12 + v_part_16;
  if (v_x == 0i) {
    b_embedding[v_group_x] = v_joined_13 * vec4<f32>(0.001953125f);
  }
}
